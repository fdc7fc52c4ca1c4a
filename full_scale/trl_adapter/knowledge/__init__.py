"""What is known of prompts before they are rolled out: columns of the data set, and states of the policy."""
