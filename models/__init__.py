"""The mathematics: pure functions of frames, without paths, databases or orchestration."""
