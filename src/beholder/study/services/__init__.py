"""What the study does, whoever asks: planning, trials, answers, rules. Nothing here knows of HTTP."""
