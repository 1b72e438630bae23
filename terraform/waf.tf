# An option: addresses that ask too often are blocked before they cost an invocation.

locals {
  has_waf = var.waf != null && (local.makes_api || var.gateway != null) # an API that is there has its own
}

resource "aws_wafv2_web_acl" "api" {
  count = local.has_waf ? 1 : 0

  name        = local.prefix
  description = "Blocks addresses that ask the chat API too often."
  scope       = "REGIONAL"
  tags        = local.tags

  default_action {
    allow {}
  }

  rule {
    name     = "rate"
    priority = 0

    action {
      block {}
    }

    statement {
      rate_based_statement {
        limit              = var.waf.requests_per_5_minutes
        aggregate_key_type = "IP"
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "${local.prefix}-rate"
      sampled_requests_enabled   = false # samples hold headers, and so tokens
    }
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = local.prefix
    sampled_requests_enabled   = false
  }
}

resource "aws_wafv2_web_acl_association" "api" {
  count = local.has_waf && local.makes_api ? 1 : 0

  resource_arn = local.api.arn
  web_acl_arn  = aws_wafv2_web_acl.api[0].arn
}

resource "aws_cloudwatch_log_group" "waf" {
  count = local.has_waf && try(var.waf.log_blocked, false) ? 1 : 0

  name              = "aws-waf-logs-${local.prefix}" # WAF writes to no group of another name
  retention_in_days = var.log_retention_days
  kms_key_id        = local.kms_key_arn
  tags              = local.tags
}

resource "aws_wafv2_web_acl_logging_configuration" "api" {
  count = local.has_waf && try(var.waf.log_blocked, false) ? 1 : 0

  resource_arn            = aws_wafv2_web_acl.api[0].arn
  log_destination_configs = [aws_cloudwatch_log_group.waf[0].arn]

  # Tokens are nobody's business. Bodies are not logged at all.
  redacted_fields {
    single_header {
      name = "authorization"
    }
  }

  redacted_fields {
    query_string {} # a WebSocket's handshake carries the token here
  }

  logging_filter {
    default_behavior = "DROP"

    filter {
      behavior    = "KEEP"
      requirement = "MEETS_ANY"

      condition {
        action_condition {
          action = "BLOCK"
        }
      }
    }
  }
}
