"""Tables, audience files and reports for people."""
