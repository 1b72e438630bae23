# Until now the module's folder was itself what was deployed. Its resources are the module's now: the next plan moves them, and
# destroys none.

moved {
  from = aws_cloudwatch_metric_alarm.chat
  to   = module.chat.aws_cloudwatch_metric_alarm.chat
}

moved {
  from = aws_cloudwatch_log_metric_filter.broken_runs
  to   = module.chat.aws_cloudwatch_log_metric_filter.broken_runs
}

moved {
  from = aws_cloudwatch_log_metric_filter.broken_runs_of_field
  to   = module.chat.aws_cloudwatch_log_metric_filter.broken_runs_of_field
}

moved {
  from = aws_sns_topic.alarms
  to   = module.chat.aws_sns_topic.alarms
}

moved {
  from = aws_sns_topic_policy.alarms
  to   = module.chat.aws_sns_topic_policy.alarms
}

moved {
  from = aws_appsync_graphql_api.chat
  to   = module.chat.aws_appsync_graphql_api.chat[0]
}

moved {
  from = aws_cloudwatch_dashboard.chat
  to   = module.chat.aws_cloudwatch_dashboard.chat
}

moved {
  from = aws_appsync_domain_name.api
  to   = module.chat.aws_appsync_domain_name.api
}

moved {
  from = aws_appsync_domain_name_api_association.api
  to   = module.chat.aws_appsync_domain_name_api_association.api
}

moved {
  from = aws_route53_record.api
  to   = module.chat.aws_route53_record.api
}

moved {
  from = aws_lambda_function.chat
  to   = module.chat.aws_lambda_function.chat
}

moved {
  from = aws_lambda_alias.live
  to   = module.chat.aws_lambda_alias.live
}

moved {
  from = aws_lambda_permission.authorizer
  to   = module.chat.aws_lambda_permission.authorizer[0]
}

moved {
  from = aws_cloudwatch_event_rule.schedule
  to   = module.chat.aws_cloudwatch_event_rule.schedule
}

moved {
  from = aws_cloudwatch_event_target.schedule
  to   = module.chat.aws_cloudwatch_event_target.schedule
}

moved {
  from = aws_lambda_function_event_invoke_config.schedule
  to   = module.chat.aws_lambda_function_event_invoke_config.schedule
}

moved {
  from = aws_lambda_permission.schedule
  to   = module.chat.aws_lambda_permission.schedule
}

moved {
  from = aws_lambda_permission.service
  to   = module.chat.aws_lambda_permission.service
}

moved {
  from = aws_ecs_cluster.gateway
  to   = module.chat.aws_ecs_cluster.gateway
}

moved {
  from = aws_ecs_task_definition.gateway
  to   = module.chat.aws_ecs_task_definition.gateway
}

moved {
  from = aws_ecs_service.gateway
  to   = module.chat.aws_ecs_service.gateway
}

moved {
  from = aws_lb.gateway
  to   = module.chat.aws_lb.gateway
}

moved {
  from = aws_lb_target_group.gateway
  to   = module.chat.aws_lb_target_group.gateway
}

moved {
  from = aws_lb_listener.gateway
  to   = module.chat.aws_lb_listener.gateway
}

moved {
  from = aws_lb_listener_rule.gateway
  to   = module.chat.aws_lb_listener_rule.gateway
}

moved {
  from = aws_wafv2_web_acl_association.gateway
  to   = module.chat.aws_wafv2_web_acl_association.gateway
}

moved {
  from = aws_security_group.gateway_door
  to   = module.chat.aws_security_group.gateway_door
}

moved {
  from = aws_vpc_security_group_ingress_rule.gateway_door
  to   = module.chat.aws_vpc_security_group_ingress_rule.gateway_door
}

moved {
  from = aws_vpc_security_group_egress_rule.gateway_door
  to   = module.chat.aws_vpc_security_group_egress_rule.gateway_door
}

moved {
  from = aws_security_group.gateway_tasks
  to   = module.chat.aws_security_group.gateway_tasks
}

moved {
  from = aws_vpc_security_group_ingress_rule.gateway_tasks
  to   = module.chat.aws_vpc_security_group_ingress_rule.gateway_tasks
}

moved {
  from = aws_vpc_security_group_egress_rule.gateway_tasks
  to   = module.chat.aws_vpc_security_group_egress_rule.gateway_tasks
}

moved {
  from = aws_iam_role.gateway_start
  to   = module.chat.aws_iam_role.gateway_start
}

moved {
  from = aws_iam_role_policy.gateway_start
  to   = module.chat.aws_iam_role_policy.gateway_start
}

moved {
  from = aws_cloudwatch_log_group.gateway
  to   = module.chat.aws_cloudwatch_log_group.gateway
}

moved {
  from = aws_cloudwatch_log_metric_filter.gateway
  to   = module.chat.aws_cloudwatch_log_metric_filter.gateway
}

moved {
  from = aws_appautoscaling_target.gateway
  to   = module.chat.aws_appautoscaling_target.gateway
}

moved {
  from = aws_appautoscaling_policy.gateway
  to   = module.chat.aws_appautoscaling_policy.gateway
}

moved {
  from = aws_lambda_layer_version.chat
  to   = module.chat.aws_lambda_layer_version.chat
}

moved {
  from = aws_cloudwatch_log_group.function
  to   = module.chat.aws_cloudwatch_log_group.function
}

moved {
  from = aws_cloudwatch_log_group.api
  to   = module.chat.aws_cloudwatch_log_group.api[0]
}

moved {
  from = aws_cloudwatch_log_subscription_filter.audit
  to   = module.chat.aws_cloudwatch_log_subscription_filter.audit
}

moved {
  from = aws_kinesis_firehose_delivery_stream.audit
  to   = module.chat.aws_kinesis_firehose_delivery_stream.audit
}

moved {
  from = aws_s3_bucket.audit
  to   = module.chat.aws_s3_bucket.audit
}

moved {
  from = aws_s3_bucket_public_access_block.audit
  to   = module.chat.aws_s3_bucket_public_access_block.audit
}

moved {
  from = aws_s3_bucket_versioning.audit
  to   = module.chat.aws_s3_bucket_versioning.audit
}

moved {
  from = aws_s3_bucket_server_side_encryption_configuration.audit
  to   = module.chat.aws_s3_bucket_server_side_encryption_configuration.audit
}

moved {
  from = aws_s3_bucket_lifecycle_configuration.audit
  to   = module.chat.aws_s3_bucket_lifecycle_configuration.audit
}

moved {
  from = aws_s3_bucket_policy.audit
  to   = module.chat.aws_s3_bucket_policy.audit
}

moved {
  from = aws_iam_role.audit
  to   = module.chat.aws_iam_role.audit
}

moved {
  from = aws_iam_role_policy.audit
  to   = module.chat.aws_iam_role_policy.audit
}

moved {
  from = aws_cloudwatch_composite_alarm.slo
  to   = module.chat.aws_cloudwatch_composite_alarm.slo
}

moved {
  from = aws_appsync_datasource.field
  to   = module.chat.aws_appsync_datasource.field
}

moved {
  from = aws_appsync_resolver.field
  to   = module.chat.aws_appsync_resolver.field
}

moved {
  from = aws_iam_role.function
  to   = module.chat.aws_iam_role.function
}

moved {
  from = aws_iam_role_policy.function
  to   = module.chat.aws_iam_role_policy.function
}

moved {
  from = aws_iam_role.data_source
  to   = module.chat.aws_iam_role.data_source
}

moved {
  from = aws_iam_role_policy.data_source
  to   = module.chat.aws_iam_role_policy.data_source
}

moved {
  from = aws_iam_role.api_logs
  to   = module.chat.aws_iam_role.api_logs[0]
}

moved {
  from = aws_iam_role_policy.api_logs
  to   = module.chat.aws_iam_role_policy.api_logs[0]
}

moved {
  from = aws_secretsmanager_secret.chat
  to   = module.chat.aws_secretsmanager_secret.chat
}

moved {
  from = aws_dynamodb_table.chat
  to   = module.chat.aws_dynamodb_table.chat
}

moved {
  from = aws_xray_group.chat
  to   = module.chat.aws_xray_group.chat
}

moved {
  from = aws_s3_bucket.uploads
  to   = module.chat.aws_s3_bucket.uploads
}

moved {
  from = aws_s3_bucket_public_access_block.uploads
  to   = module.chat.aws_s3_bucket_public_access_block.uploads
}

moved {
  from = aws_s3_bucket_ownership_controls.uploads
  to   = module.chat.aws_s3_bucket_ownership_controls.uploads
}

moved {
  from = aws_s3_bucket_server_side_encryption_configuration.uploads
  to   = module.chat.aws_s3_bucket_server_side_encryption_configuration.uploads
}

moved {
  from = aws_s3_bucket_lifecycle_configuration.uploads
  to   = module.chat.aws_s3_bucket_lifecycle_configuration.uploads
}

moved {
  from = aws_s3_bucket_cors_configuration.uploads
  to   = module.chat.aws_s3_bucket_cors_configuration.uploads
}

moved {
  from = aws_s3_bucket_policy.uploads
  to   = module.chat.aws_s3_bucket_policy.uploads
}

moved {
  from = aws_wafv2_web_acl.api
  to   = module.chat.aws_wafv2_web_acl.api
}

moved {
  from = aws_wafv2_web_acl_association.api
  to   = module.chat.aws_wafv2_web_acl_association.api
}

moved {
  from = aws_cloudwatch_log_group.waf
  to   = module.chat.aws_cloudwatch_log_group.waf
}

moved {
  from = aws_wafv2_web_acl_logging_configuration.api
  to   = module.chat.aws_wafv2_web_acl_logging_configuration.api
}
