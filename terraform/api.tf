# The API: a Lambda authorizer as its only door, the schema from its one file.

resource "aws_appsync_graphql_api" "chat" {
  name                 = local.prefix
  authentication_type  = "AWS_LAMBDA"
  schema               = file("${path.module}/../resolvers/schema.graphql")
  xray_enabled         = true
  introspection_config = "DISABLED"
  query_depth_limit    = var.query_depth_limit
  resolver_count_limit = var.resolver_count_limit

  lambda_authorizer_config {
    authorizer_uri                   = aws_lambda_alias.live[local.wiring.authorizer.module].arn
    authorizer_result_ttl_in_seconds = var.authorizer_ttl_seconds
  }

  log_config {
    cloudwatch_logs_role_arn = aws_iam_role.api_logs.arn
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

  depends_on = [aws_iam_role_policy.api_logs]
}
