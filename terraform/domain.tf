# An option: a domain name of your own. Clients then use https://<name>/graphql and wss://<name>/graphql/realtime.

resource "aws_appsync_domain_name" "api" {
  count = var.domain == null ? 0 : 1

  domain_name     = var.domain.name
  description     = local.prefix
  certificate_arn = var.domain.certificate_arn
}

resource "aws_appsync_domain_name_api_association" "api" {
  count = var.domain == null ? 0 : 1

  api_id      = local.api.id
  domain_name = aws_appsync_domain_name.api[0].domain_name
}

resource "aws_route53_record" "api" {
  for_each = try(var.domain.zone, null) == null ? [] : toset(["A", "AAAA"])

  zone_id = var.domain.zone.id
  name    = var.domain.name
  type    = each.key

  alias {
    name                   = aws_appsync_domain_name.api[0].appsync_domain_name
    zone_id                = aws_appsync_domain_name.api[0].hosted_zone_id
    evaluate_target_health = false
  }
}
