# What shows that the gateway is in trouble. docs/runbook.md has a section for each kind.

locals {
  gateway_lines   = { for key, each in local.gateway : key => { deployment = local.prefix } } # gateway/metrics.py
  gateway_service = { for key, each in local.gateway : key => { ClusterName = aws_ecs_cluster.gateway[key].name, ServiceName = aws_ecs_service.gateway[key].name } }
  gateway_targets = { for key, each in local.gateway : key => { LoadBalancer = aws_lb.gateway[key].arn_suffix, TargetGroup = aws_lb_target_group.gateway[key].arn_suffix } }

  # kind => as local.metric_alarms
  gateway_metric_alarms = {
    gateway-unhealthy = {
      means     = "A task of the gateway does not answer the load balancer."
      namespace = "AWS/ApplicationELB", metric = "UnHealthyHostCount", statistic = "Maximum", periods = 2, subjects = local.gateway_targets
    }
    gateway-lag = {
      means     = "A task of the gateway tells live messages late: their p95 is above half a second."
      namespace = local.namespace, metric = "GatewayLagP95Ms", statistic = "Maximum", threshold = 500, periods = 2, subjects = local.gateway_lines
    }
    gateway-breaker = {
      means     = "A task of the gateway does not ask AppSync: too many calls failed."
      namespace = local.namespace, metric = "GatewayBreakerOpen", statistic = "Maximum", periods = 2, subjects = local.gateway_lines
    }
    gateway-service = {
      means     = "AppSync does not take the gateway's own service, so no room can be received."
      namespace = local.namespace, metric = "GatewayServiceFault", statistic = "Maximum", periods = 2, subjects = local.gateway_lines
    }
    gateway-refused = {
      means     = "The gateway refuses far more handshakes than clients of good will bring."
      namespace = local.namespace, metric = "GatewayRefusedHandshakes", threshold = 500, periods = 3, subjects = local.gateway_lines
    }
    gateway-memory = {
      means     = "The gateway's tasks are near the end of their memory."
      namespace = "AWS/ECS", metric = "MemoryUtilization", statistic = "Maximum", threshold = 85, periods = 2, subjects = local.gateway_service
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "gateway_tasks" {
  for_each = local.gateway

  alarm_name          = "${local.prefix}-gateway-tasks-${each.key}"
  tags                = local.tags
  alarm_description   = "Fewer tasks of the gateway run than are wanted. See docs/runbook.md, gateway-tasks."
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  evaluation_periods  = 2
  treat_missing_data  = "breaching" # Container Insights tells both each minute
  alarm_actions       = [local.alarm_topic_arn]
  ok_actions          = [local.alarm_topic_arn]

  metric_query {
    id          = "missing"
    label       = "Tasks that are wanted and do not run"
    expression  = "desired - running"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = { desired = "DesiredTaskCount", running = "RunningTaskCount" }
    content {
      id = metric_query.key
      metric {
        namespace   = "ECS/ContainerInsights"
        metric_name = metric_query.value
        dimensions  = local.gateway_service[each.key]
        period      = 300
        stat        = "Minimum"
      }
    }
  }
}
