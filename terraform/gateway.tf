# The WebSocket gateway, if there is to be one: tasks on Fargate behind a load balancer. Tasks share nothing but AppSync, and a
# client resumes on any of them, so the load balancer needs no stickiness.

locals {
  gateway      = var.gateway == null ? {} : { on = var.gateway }
  gateway_name = "${local.prefix}-gateway"
  gateway_port = 4100

  gateway_environment = {
    for key, each in local.gateway : key => merge(
      {
        APPSYNC_URL     = aws_appsync_graphql_api.chat.uris["GRAPHQL"]
        SERVICE_TOKEN   = "env:GATEWAY_TOKEN"
        JWT_ISSUER      = var.jwt.issuer
        JWT_AUDIENCE    = var.jwt.audience
        JWT_ALGORITHMS  = join(",", setsubtract(var.jwt.algorithms, ["HS256"]))
        JWT_JWKS_URL    = var.jwt.jwks_url
        ALLOWED_ORIGINS = join(",", each.allowed_origins)
        TRUSTED_PROXIES = "1" # the load balancer, and nobody else can connect: aws_security_group.gateway_tasks
        DRAIN_SECONDS   = "30"
        LOG_LEVEL       = "INFO" # lines of state are what autoscaling goes by
      },
      each.settings,
    )
  }
}

resource "aws_ecs_cluster" "gateway" {
  for_each = local.gateway

  name = local.gateway_name

  setting {
    name  = "containerInsights"
    value = "enabled"
  }
}

resource "aws_ecs_task_definition" "gateway" {
  for_each = local.gateway

  family                   = local.gateway_name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = each.value.cpu
  memory                   = each.value.memory
  execution_role_arn       = aws_iam_role.gateway_start[each.key].arn

  runtime_platform {
    cpu_architecture        = each.value.architecture
    operating_system_family = "LINUX"
  }

  # The process itself calls nothing of AWS but AppSync, with a token: it has no task role.
  container_definitions = jsonencode([{
    name                   = "gateway"
    image                  = each.value.image
    essential              = true
    readonlyRootFilesystem = true
    user                   = "10001"
    stopTimeout            = 60 # longer than it drains for
    portMappings           = [{ containerPort = local.gateway_port, protocol = "tcp" }]
    environment            = [for name, value in local.gateway_environment[each.key] : { name = name, value = value } if value != null]
    secrets                = [{ name = "GATEWAY_TOKEN", valueFrom = each.value.token_secret_arn }]
    ulimits                = [{ name = "nofile", softLimit = 65536, hardLimit = 65536 }] # a connection is an open file
    linuxParameters        = { initProcessEnabled = true, capabilities = { drop = ["ALL"] } }
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.gateway[each.key].name
        awslogs-region        = var.region
        awslogs-stream-prefix = "gateway"
      }
    }
  }])
}

resource "aws_ecs_service" "gateway" {
  for_each = local.gateway

  name                              = local.gateway_name
  cluster                           = aws_ecs_cluster.gateway[each.key].arn
  task_definition                   = aws_ecs_task_definition.gateway[each.key].arn
  desired_count                     = each.value.tasks.least
  launch_type                       = "FARGATE"
  platform_version                  = "LATEST"
  health_check_grace_period_seconds = 30
  propagate_tags                    = "SERVICE"

  network_configuration {
    subnets          = each.value.task_subnets
    security_groups  = [aws_security_group.gateway_tasks[each.key].id]
    assign_public_ip = false
  }

  load_balancer {
    target_group_arn = aws_lb_target_group.gateway[each.key].arn
    container_name   = "gateway"
    container_port   = local.gateway_port
  }

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  lifecycle {
    ignore_changes = [desired_count] # autoscaling's
  }

  depends_on = [aws_lb_listener.gateway]
}

# The load balancer. Idle connections live: pings are sent twice a minute.

resource "aws_lb" "gateway" {
  #checkov:skip=CKV_AWS_91:Each connection has its line in the gateway's own log; a second log would need a bucket of its own and say no more.
  #checkov:skip=CKV2_AWS_28:The firewall of var.waf guards it, where there is one: aws_wafv2_web_acl_association.gateway.
  for_each = local.gateway

  name                       = local.gateway_name
  load_balancer_type         = "application"
  internal                   = each.value.internal
  subnets                    = each.value.load_balancer_subnets
  security_groups            = [aws_security_group.gateway_door[each.key].id]
  idle_timeout               = 120
  drop_invalid_header_fields = true
  enable_deletion_protection = var.deletion_protection
}

resource "aws_lb_target_group" "gateway" {
  #checkov:skip=CKV_AWS_378:TLS ends at the load balancer; the tasks take connections from it alone, inside the network.
  for_each = local.gateway

  name                          = local.gateway_name
  vpc_id                        = each.value.vpc_id
  port                          = local.gateway_port
  protocol                      = "HTTP"
  target_type                   = "ip"
  deregistration_delay          = 60
  load_balancing_algorithm_type = "least_outstanding_requests" # a connection is a request that stays

  health_check {
    path                = "/healthz" # not /readyz: AppSync's outage is no reason to end tasks that hold their clients
    interval            = 10
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = 3
  }
}

resource "aws_lb_listener" "gateway" {
  for_each = local.gateway

  load_balancer_arn = aws_lb.gateway[each.key].arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = each.value.certificate_arn

  default_action {
    type = "fixed-response"
    fixed_response {
      content_type = "text/plain"
      status_code  = "404"
    }
  }
}

# Nothing but the rooms is let through: health and metrics are for the inside.
resource "aws_lb_listener_rule" "gateway" {
  for_each = local.gateway

  listener_arn = aws_lb_listener.gateway[each.key].arn
  priority     = 1

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.gateway[each.key].arn
  }

  condition {
    path_pattern {
      values = ["/ws", "/ws/rooms/*"]
    }
  }
}

resource "aws_wafv2_web_acl_association" "gateway" {
  for_each = { for key, each in local.gateway : key => each if var.waf != null }

  resource_arn = aws_lb.gateway[each.key].arn
  web_acl_arn  = aws_wafv2_web_acl.api[0].arn
}

resource "aws_security_group" "gateway_door" {
  for_each = local.gateway

  name        = "${local.gateway_name}-door"
  description = "Who may come to the gateway's load balancer."
  vpc_id      = each.value.vpc_id
}

resource "aws_vpc_security_group_ingress_rule" "gateway_door" {
  for_each = local.gateway

  security_group_id = aws_security_group.gateway_door[each.key].id
  description       = "WebSocket over TLS."
  cidr_ipv4         = each.value.allowed_cidr
  from_port         = 443
  to_port           = 443
  ip_protocol       = "tcp"
}

resource "aws_vpc_security_group_egress_rule" "gateway_door" {
  for_each = local.gateway

  security_group_id            = aws_security_group.gateway_door[each.key].id
  description                  = "The tasks."
  referenced_security_group_id = aws_security_group.gateway_tasks[each.key].id
  from_port                    = local.gateway_port
  to_port                      = local.gateway_port
  ip_protocol                  = "tcp"
}

resource "aws_security_group" "gateway_tasks" {
  for_each = local.gateway

  name        = "${local.gateway_name}-tasks"
  description = "The gateway's tasks."
  vpc_id      = each.value.vpc_id
}

resource "aws_vpc_security_group_ingress_rule" "gateway_tasks" {
  for_each = local.gateway

  security_group_id            = aws_security_group.gateway_tasks[each.key].id
  description                  = "The load balancer, and nobody else."
  referenced_security_group_id = aws_security_group.gateway_door[each.key].id
  from_port                    = local.gateway_port
  to_port                      = local.gateway_port
  ip_protocol                  = "tcp"
}

resource "aws_vpc_security_group_egress_rule" "gateway_tasks" {
  for_each = local.gateway

  security_group_id = aws_security_group.gateway_tasks[each.key].id
  description       = "AppSync, the tokens' keys, the image and the logs: all of them TLS."
  cidr_ipv4         = "0.0.0.0/0"
  from_port         = 443
  to_port           = 443
  ip_protocol       = "tcp"
}

# What ECS may do to start a task; the task itself may do nothing.

resource "aws_iam_role" "gateway_start" {
  for_each = local.gateway

  name        = "${local.gateway_name}-start"
  description = "What ECS may do to start a gateway's task."

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })
}

resource "aws_iam_role_policy" "gateway_start" {
  for_each = local.gateway

  name = "start"
  role = aws_iam_role.gateway_start[each.key].name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid      = "Token"
          Effect   = "Allow"
          Action   = "secretsmanager:GetSecretValue"
          Resource = each.value.token_secret_arn
        },
        {
          Sid      = "Logs"
          Effect   = "Allow"
          Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
          Resource = "${aws_cloudwatch_log_group.gateway[each.key].arn}:*"
        },
      ],
      [
        for statement in [
          {
            Sid      = "Image"
            Effect   = "Allow"
            Action   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
            Resource = each.value.repository_arn
          },
          {
            Sid      = "ImageLogin"
            Effect   = "Allow"
            Action   = ["ecr:GetAuthorizationToken"]
            Resource = "*" # ECR knows no resources for this: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerregistry.html
          },
        ] : statement if each.value.repository_arn != null
      ],
    )
  })
}

resource "aws_cloudwatch_log_group" "gateway" {
  for_each = local.gateway

  name              = "/ecs/${local.gateway_name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

# Autoscaling: each task says once a minute how many are connected and how late they hear.

resource "aws_cloudwatch_log_metric_filter" "gateway" {
  for_each = var.gateway == null ? {} : { connections = "$.connections", lagP95Ms = "$.lagP95Ms" }

  name           = "${local.gateway_name}-${each.key}"
  log_group_name = aws_cloudwatch_log_group.gateway["on"].name
  pattern        = "{ $.message = \"state\" }"

  metric_transformation {
    namespace = local.namespace
    name      = "gateway-${each.key}"
    value     = each.value
  }
}

resource "aws_appautoscaling_target" "gateway" {
  for_each = local.gateway

  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${aws_ecs_cluster.gateway[each.key].name}/${aws_ecs_service.gateway[each.key].name}"
  min_capacity       = each.value.tasks.least
  max_capacity       = each.value.tasks.most
}

resource "aws_appautoscaling_policy" "gateway" {
  for_each = var.gateway == null ? {} : {
    connections = var.gateway.tasks.connections_each
    lagP95Ms    = var.gateway.tasks.lag_p95_ms
  }

  name               = "${local.gateway_name}-${each.key}"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.gateway["on"].service_namespace
  scalable_dimension = aws_appautoscaling_target.gateway["on"].scalable_dimension
  resource_id        = aws_appautoscaling_target.gateway["on"].resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = each.value
    scale_out_cooldown = 60
    scale_in_cooldown  = 900 # each task that ends sends its clients away, and they all come back at once

    customized_metric_specification {
      namespace   = local.namespace
      metric_name = "gateway-${each.key}"
      statistic   = "Average" # over the tasks' lines
    }
  }
}
