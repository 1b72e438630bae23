# The WebSocket gateway, if there is to be one: tasks on Fargate behind a load balancer. Tasks share nothing but AppSync, and a
# client resumes on any of them, so the load balancer needs no stickiness.

locals {
  gateway      = var.gateway == null ? {} : { on = var.gateway }
  gateway_name = "${local.prefix}-gateway"
  gateway_port = 4100

  # Load balancers have 32 characters.
  gateway_short_name = "${local.short_prefixes.gateway}-gateway"

  gateway_environment = {
    for key, each in local.gateway : key => merge(
      {
        DEPLOYMENT_NAME = local.prefix # by which its metrics are counted
        APPSYNC_URL     = local.api.graphql_url
        SCHEMA_PREFIX   = var.schema_prefix == "" ? null : var.schema_prefix
        SERVICE_AUTH    = each.service_auth
        SERVICE_TOKEN   = each.service_auth == "token" ? "env:GATEWAY_TOKEN" : null
        APPSYNC_REGION  = each.service_auth == "iam" ? var.region : null
        JWT_ISSUER      = try(var.jwt.issuer, null)
        JWT_AUDIENCE    = try(var.jwt.audience, null)
        JWT_ALGORITHMS  = try(join(",", setsubtract(var.jwt.algorithms, ["HS256"])), null)
        JWT_JWKS_URL    = try(var.jwt.jwks_url, null)
        ALLOWED_ORIGINS = join(",", each.allowed_origins)
        TRUSTED_PROXIES = "1" # the load balancer, and nobody else can connect: aws_security_group.gateway_tasks
        DRAIN_SECONDS   = "30"
        LOG_LEVEL       = "INFO" # lines of state are what autoscaling goes by
      },
      local.identity_settings,
      each.settings,
    )
  }
}

resource "aws_ecs_cluster" "gateway" {
  for_each = local.gateway

  name = local.gateway_name
  tags = local.tags

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
  task_role_arn            = try(aws_iam_role.gateway_task[each.key].arn, null)
  tags                     = local.tags

  runtime_platform {
    cpu_architecture        = each.value.architecture
    operating_system_family = "LINUX"
  }

  # The process itself calls nothing of AWS but AppSync: with a token, and then it has no task role, or by that role.
  container_definitions = jsonencode([{
    name                   = "gateway"
    image                  = each.value.image
    essential              = true
    readonlyRootFilesystem = true
    user                   = "10001"
    stopTimeout            = 60 # longer than it drains for
    portMappings           = [{ containerPort = local.gateway_port, protocol = "tcp" }]
    environment            = [for name, value in local.gateway_environment[each.key] : { name = name, value = value } if value != null]
    secrets                = [for arn in [each.value.token_secret_arn] : { name = "GATEWAY_TOKEN", valueFrom = arn } if each.value.service_auth == "token"]
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
  tags                              = local.tags

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
