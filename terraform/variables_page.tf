# The page to chat in.

variable "page" {
  description = <<-EOT
    The page of `web/`: a private bucket and a CloudFront distribution before it, to which `make deploy-page` brings the files. Null: none.
    - `sign_in`: the issuers of OpenID Connect where people sign in, by the authorization code flow with PKCE, each with the client of the
      page there; its redirect is `/signed-in` of the page. Their tokens must be ones that the API takes: `identity`, `jwt`.
    - `connect`: further origins that the page may ask, such as that of an issuer's token endpoint where it is another than the issuer's.
    - `domain`: a name of your own: the name, its certificate's ARN (in us-east-1), and the Route 53 zone to write it to, if any. Without
      it CloudFront's own name is served, for which AWS takes TLS from 1.0 on.
    - `web_acl_arn`: a firewall of yours, of the scope CLOUDFRONT.
    - `logs`: the name of a bucket of yours that takes CloudFront's standard logs, and where in it. Without: who came is logged nowhere.
  EOT
  type = object({
    sign_in     = list(object({ issuer = string, client_id = string, scope = optional(string, "openid") }))
    connect     = optional(list(string), [])
    domain      = optional(object({ name = string, certificate_arn = string, zone = optional(object({ id = string })) }))
    web_acl_arn = optional(string)
    logs        = optional(object({ bucket = string, prefix = optional(string, "page/") }))
  })
  default = null

  validation {
    condition     = var.page == null || try(length(var.page.sign_in) > 0, false)
    error_message = "page.sign_in must name one issuer at least: nobody could sign in. The demo's way is for one machine alone."
  }

  validation {
    condition     = alltrue([for way in try(var.page.sign_in, []) : can(regex("^https://[^/?#@\\s;,*'\"]+(/[^?#\\s]*)?$", way.issuer)) && way.client_id != ""])
    error_message = "page.sign_in must hold issuers such as https://login.example.com/, each with the page's client_id there."
  }

  validation {
    condition     = alltrue([for origin in try(var.page.connect, []) : can(regex("^(https|wss)://[a-z0-9.-]+(:[0-9]+)?$", origin))])
    error_message = "page.connect must hold origins such as https://login.example.com, without a path and without wildcards."
  }

  validation {
    condition     = try(var.page.domain, null) == null || can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.page.domain.name))
    error_message = "page.domain.name must be a host name such as chat.example.com."
  }

  validation {
    condition     = try(var.page.domain, null) == null || can(regex("^arn:[^:]+:acm:us-east-1:[0-9]{12}:certificate/.+$", var.page.domain.certificate_arn))
    error_message = "page.domain.certificate_arn must be the ARN of a certificate in us-east-1, wherever the API is: CloudFront takes no other."
  }

  validation {
    condition     = try(var.page.domain.name, "page") != try(var.domain.name, "api")
    error_message = "page.domain.name and domain.name must be two names: one is the page's, the other the API's."
  }

  validation {
    condition     = try(var.page.web_acl_arn, null) == null || can(regex("^arn:[^:]+:wafv2:us-east-1:[0-9]{12}:global/webacl/.+$", var.page.web_acl_arn))
    error_message = "page.web_acl_arn must be the ARN of a web ACL of the scope CLOUDFRONT (arn:aws:wafv2:us-east-1:…:global/webacl/…), not that of an API."
  }

  validation {
    condition     = try(var.page.logs, null) == null || can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.page.logs.bucket))
    error_message = "page.logs.bucket must be a bucket's name: neither its ARN nor its address."
  }

  validation {
    condition     = var.page == null || (var.fields == null && var.schema_prefix == "")
    error_message = "page needs all fields under their own names: leave out fields and schema_prefix."
  }

  validation {
    condition     = var.page == null || var.existing.api == null || try(var.existing.api.graphql_url, null) != null
    error_message = "page needs existing.api.graphql_url: an API's address does not follow from its id."
  }

  validation {
    condition     = var.page == null || length(var.tags) <= 8
    error_message = "page takes eight tags at the most: S3 has ten for an object, and two are ours."
  }

  validation {
    condition     = var.page == null || local.partition == "aws"
    error_message = "page is for regions of the partition aws: CloudFront is not in ${var.region}'s, or is another there."
  }
}
