# Who comes to the gateway: clients to the load balancer by TLS, and the load balancer to the tasks, in a network that is there.

# Idle connections live: pings are sent twice a minute.
resource "aws_lb" "gateway" {
  #checkov:skip=CKV_AWS_91:Each connection has its line in the gateway's own log; a second log would need a bucket of its own and say no more.
  #checkov:skip=CKV2_AWS_28:The firewall of var.waf guards it, where there is one: aws_wafv2_web_acl_association.gateway.
  for_each = local.gateway

  name                       = local.gateway_short_name
  tags                       = local.tags
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

  name                          = local.gateway_short_name
  tags                          = local.tags
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
  tags              = local.tags

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
  tags         = local.tags

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
  for_each = { for key, each in local.gateway : key => each if local.has_waf }

  resource_arn = aws_lb.gateway[each.key].arn
  web_acl_arn  = aws_wafv2_web_acl.api[0].arn
}

resource "aws_security_group" "gateway_door" {
  for_each = local.gateway

  name        = "${local.gateway_name}-door"
  tags        = local.tags
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
  tags              = local.tags
}

resource "aws_vpc_security_group_egress_rule" "gateway_door" {
  for_each = local.gateway

  security_group_id            = aws_security_group.gateway_door[each.key].id
  description                  = "The tasks."
  referenced_security_group_id = aws_security_group.gateway_tasks[each.key].id
  from_port                    = local.gateway_port
  to_port                      = local.gateway_port
  ip_protocol                  = "tcp"
  tags                         = local.tags
}

resource "aws_security_group" "gateway_tasks" {
  for_each = local.gateway

  name        = "${local.gateway_name}-tasks"
  tags        = local.tags
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
  tags                         = local.tags
}

resource "aws_vpc_security_group_egress_rule" "gateway_tasks" {
  for_each = local.gateway

  security_group_id = aws_security_group.gateway_tasks[each.key].id
  description       = "AppSync, the tokens' keys, the image and the logs: all of them TLS."
  cidr_ipv4         = "0.0.0.0/0"
  from_port         = 443
  to_port           = 443
  ip_protocol       = "tcp"
  tags              = local.tags
}
