# The API: one of ours, or one that is there, which has its own schema, modes and log.

locals {
  makes_api = var.existing.api == null

  api = {
    id      = local.makes_api ? one(aws_appsync_graphql_api.chat[*].id) : var.existing.api.id
    arn     = local.makes_api ? one(aws_appsync_graphql_api.chat[*].arn) : coalesce(var.existing.api.arn, "arn:${local.partition}:appsync:${var.region}:${local.account}:apis/${var.existing.api.id}")
    own_url = local.makes_api ? one(aws_appsync_graphql_api.chat[*].uris["GRAPHQL"]) : var.existing.api.graphql_url # whatever its domain
    graphql_url = (
      local.makes_api ? (var.domain == null ? one(aws_appsync_graphql_api.chat[*].uris["GRAPHQL"]) : "https://${var.domain.name}/graphql")
      : var.existing.api.graphql_url
    )
    realtime_url = (
      local.makes_api ? (var.domain == null ? one(aws_appsync_graphql_api.chat[*].uris["REALTIME"]) : "wss://${var.domain.name}/graphql/realtime")
      : var.existing.api.realtime_url
    )
  }
}

resource "aws_appsync_graphql_api" "chat" {
  #checkov:skip=CKV2_AWS_33:The firewall of var.waf guards it, where there is one: aws_wafv2_web_acl_association.api.
  count = local.makes_api ? 1 : 0

  name                 = local.prefix
  authentication_type  = local.default_mode.type
  schema               = local.schema
  xray_enabled         = true
  introspection_config = "DISABLED"
  query_depth_limit    = var.query_depth_limit
  resolver_count_limit = var.resolver_count_limit
  tags                 = local.tags

  dynamic "lambda_authorizer_config" {
    for_each = [for mode in [local.default_mode] : mode if mode.type == "AWS_LAMBDA"]
    content {
      authorizer_uri                   = local.authorizer_arns[0]
      authorizer_result_ttl_in_seconds = var.authorizer_ttl_seconds
    }
  }

  dynamic "user_pool_config" {
    for_each = [for mode in [local.default_mode] : mode if mode.type == "AMAZON_COGNITO_USER_POOLS"]
    content {
      user_pool_id        = user_pool_config.value.pool
      aws_region          = split("_", user_pool_config.value.pool)[0]
      app_id_client_regex = user_pool_config.value.clients
      default_action      = "ALLOW"
    }
  }

  dynamic "openid_connect_config" {
    for_each = [for mode in [local.default_mode] : mode if mode.type == "OPENID_CONNECT"]
    content {
      issuer    = openid_connect_config.value.issuer
      client_id = openid_connect_config.value.clients
    }
  }

  dynamic "additional_authentication_provider" {
    for_each = local.additional_modes
    content {
      authentication_type = additional_authentication_provider.value.type

      dynamic "user_pool_config" {
        for_each = [for mode in [additional_authentication_provider.value] : mode if mode.type == "AMAZON_COGNITO_USER_POOLS"]
        content {
          user_pool_id        = user_pool_config.value.pool
          aws_region          = split("_", user_pool_config.value.pool)[0]
          app_id_client_regex = user_pool_config.value.clients
        }
      }

      dynamic "openid_connect_config" {
        for_each = [for mode in [additional_authentication_provider.value] : mode if mode.type == "OPENID_CONNECT"]
        content {
          issuer    = openid_connect_config.value.issuer
          client_id = openid_connect_config.value.clients
        }
      }
    }
  }

  log_config {
    cloudwatch_logs_role_arn = one(aws_iam_role.api_logs[*].arn) # it may write once the log's group is there: roles.tf
    field_log_level          = "ERROR"
    exclude_verbose_content  = true # headers hold tokens, and results hold what people wrote
  }

  dynamic "enhanced_metrics_config" {
    for_each = var.enhanced_metrics ? ["DISABLED"] : []
    content {
      data_source_level_metrics_behavior = "FULL_REQUEST_DATA_SOURCE_METRICS"
      resolver_level_metrics_behavior    = "FULL_REQUEST_RESOLVER_METRICS"
      operation_level_metrics_config     = enhanced_metrics_config.value # it would count operations by names that clients choose
    }
  }
}
