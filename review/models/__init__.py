"""What the JSON interface answers with; field names follow the webhook body where both speak of one thing."""
