"""Pass rates of prompts that were hardly ever drawn: a prediction that all prompts share."""
