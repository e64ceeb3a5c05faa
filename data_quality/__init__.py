"""What good data is: canonical contracts and expectation suites."""
