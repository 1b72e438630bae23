# How many tasks there are.

resource "aws_cloudwatch_log_group" "gateway" {
  for_each = local.gateway

  name              = "/ecs/${local.gateway_name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = local.kms_key_arn
  tags              = local.tags
}

resource "aws_appautoscaling_target" "gateway" {
  for_each = local.gateway

  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${aws_ecs_cluster.gateway[each.key].name}/${aws_ecs_service.gateway[each.key].name}"
  min_capacity       = each.value.tasks.least
  max_capacity       = each.value.tasks.most
  tags               = local.tags
}

# Each task says once a minute how many are connected and how late they hear, in CloudWatch's Embedded Metric Format, by deployment:
# gateway/metrics.py.
resource "aws_appautoscaling_policy" "gateway" {
  for_each = var.gateway == null ? {} : {
    connections = { metric = "GatewayConnections", target = var.gateway.tasks.connections_each }
    lagP95Ms    = { metric = "GatewayLagP95Ms", target = var.gateway.tasks.lag_p95_ms }
  }

  name               = "${local.gateway_name}-${each.key}"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.gateway["on"].service_namespace
  scalable_dimension = aws_appautoscaling_target.gateway["on"].scalable_dimension
  resource_id        = aws_appautoscaling_target.gateway["on"].resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = each.value.target
    scale_out_cooldown = 60
    scale_in_cooldown  = 900 # each task that ends sends its clients away, and they all come back at once

    customized_metric_specification {
      namespace   = local.namespace
      metric_name = each.value.metric
      statistic   = "Average" # over the tasks' lines

      dimensions {
        name  = "deployment"
        value = local.prefix
      }
    }
  }
}
