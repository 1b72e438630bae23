# An API of ours with everything that is optional: people come with tokens of a Cognito user pool (made here) or of the company's own
# issuer, services with IAM roles, web clients through the gateway in a network that is there; files, a firewall, a domain, the page.

terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

provider "aws" {
  region = "eu-central-1"
}

variable "network" {
  description = "The network of the gateway."
  type        = object({ vpc_id = string, public_subnets = list(string), private_subnets = list(string) })
}

variable "domain" {
  description = "The names of the API and of the page, their certificates (both in us-east-1) and the gateway's, and the zone they are in."
  type = object({
    api                     = string
    api_certificate_arn     = string
    page                    = string
    page_certificate_arn    = string
    gateway_certificate_arn = string
    zone_id                 = string
  })
}

variable "release" {
  description = "Where the packages of a release lie in S3, and its SHA256SUMS."
  type        = object({ bucket = string, prefix = string, sha256sums = string })
}

resource "aws_cognito_user_pool" "people" {
  name = "people"
}

resource "aws_cognito_user_pool_domain" "people" {
  domain       = "people-example"
  user_pool_id = aws_cognito_user_pool.people.id
}

resource "aws_cognito_user_pool_client" "web" {
  name         = "web"
  user_pool_id = aws_cognito_user_pool.people.id

  supported_identity_providers         = ["COGNITO"]
  allowed_oauth_flows_user_pool_client = true
  allowed_oauth_flows                  = ["code"]
  allowed_oauth_scopes                 = ["openid"]
  callback_urls                        = ["https://${var.domain.page}/signed-in"]
}

module "chat" {
  source = "../.."

  environment = "prod"
  region      = "eu-central-1"
  tags        = { Team = "chat" }

  identity = [
    {
      name   = "people", type = "cognito", issuer = "https://${aws_cognito_user_pool.people.endpoint}", clients = [aws_cognito_user_pool_client.web.id]
      roles  = "cognito:groups", locale = "locale"
      grants = { admin = { claim = "cognito:groups", values = ["chat-admins"] } }
    },
    {
      name   = "company", type = "oidc", issuer = "https://sso.example.com/realms/company", clients = ["chat"], prefix = "company:"
      roles  = ["realm_access", "roles"]
      grants = { privacy = { claim = ["realm_access", "roles"], values = ["privacy-office"] } }
    },
    {
      name    = "services", type = "iam", prefix = "iam:"
      callers = [{ role = "arn:aws:iam::123456789012:role/bot", userId = "bot" }]
    },
  ]

  packages_in_s3            = var.release
  reserved_concurrency      = { messages = 200, send_message = 200, on_message = 100 }
  account_concurrency_limit = 1000

  waf     = { requests_per_5_minutes = 2000 }
  domain  = { name = var.domain.api, certificate_arn = var.domain.api_certificate_arn, zone = { id = var.domain.zone_id } }
  uploads = {} # the page may post and get files without being named

  page = {
    sign_in = [
      { issuer = "https://${aws_cognito_user_pool.people.endpoint}", client_id = aws_cognito_user_pool_client.web.id },
      { issuer = "https://sso.example.com/realms/company", client_id = "chat" },
    ]
    connect = ["https://${aws_cognito_user_pool_domain.people.domain}.auth.eu-central-1.amazoncognito.com"] # where the pool's tokens are given
    domain  = { name = var.domain.page, certificate_arn = var.domain.page_certificate_arn, zone = { id = var.domain.zone_id } }
  }

  publish = "stream"
  events  = { bus = {}, queue = {}, text = true }

  gateway = {
    image                 = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/chat-gateway:1"
    repository_arn        = "arn:aws:ecr:eu-central-1:123456789012:repository/chat-gateway"
    vpc_id                = var.network.vpc_id
    load_balancer_subnets = var.network.public_subnets
    task_subnets          = var.network.private_subnets
    certificate_arn       = var.domain.gateway_certificate_arn
    allowed_origins       = ["https://${var.domain.page}"]
    service_auth          = "iam"
  }
}

output "graphql_url" {
  description = "Where clients send queries and mutations."
  value       = module.chat.api.graphql_url
}

output "page_url" {
  description = "Where the page is."
  value       = module.chat.page.url
}
