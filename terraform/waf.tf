# An option: addresses that ask too often are blocked before they cost an invocation.

resource "aws_wafv2_web_acl" "api" {
  count = var.waf == null ? 0 : 1

  name        = local.prefix
  description = "Blocks addresses that ask the chat API too often."
  scope       = "REGIONAL"

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
  count = var.waf == null ? 0 : 1

  resource_arn = aws_appsync_graphql_api.chat.arn
  web_acl_arn  = aws_wafv2_web_acl.api[0].arn
}
