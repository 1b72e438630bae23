# CloudFront before the page's bucket: TLS, headers, caches.

resource "aws_cloudfront_origin_access_control" "page" {
  for_each = local.page

  name                              = local.page_name
  description                       = "Signs what the page's distribution asks of its bucket."
  origin_access_control_origin_type = "s3"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}

# As the files' own Cache-Control says: those under assets/ for good, all others are asked for anew each time. A file that says
# nothing is not kept.
resource "aws_cloudfront_cache_policy" "page" {
  for_each = local.page

  name        = local.page_name
  comment     = "Keeps files for as long as they say themselves."
  min_ttl     = 0
  default_ttl = 0
  max_ttl     = 31536000

  parameters_in_cache_key_and_forwarded_to_origin {
    enable_accept_encoding_brotli = true
    enable_accept_encoding_gzip   = true

    cookies_config {
      cookie_behavior = "none"
    }

    headers_config {
      header_behavior = "none"
    }

    query_strings_config {
      query_string_behavior = "none" # the issuer's code in /signed-in?code=… is the page's alone
    }
  }
}

resource "aws_cloudfront_response_headers_policy" "page" {
  #checkov:skip=CKV_AWS_259:Preloading, and other names below the page's, are for the domain's owner to promise.
  for_each = local.page

  name    = local.page_name
  comment = "What browsers hold the page to."

  security_headers_config {
    content_security_policy {
      content_security_policy = local.page_policy[each.key]
      override                = true
    }

    content_type_options {
      override = true
    }

    frame_options {
      frame_option = "DENY"
      override     = true
    }

    referrer_policy {
      referrer_policy = "no-referrer"
      override        = true
    }

    strict_transport_security {
      access_control_max_age_sec = 63072000 # two years
      override                   = true
    }
  }

  custom_headers_config {
    dynamic "items" {
      for_each = {
        Cross-Origin-Opener-Policy   = "same-origin"
        Cross-Origin-Resource-Policy = "same-origin"
        Permissions-Policy           = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
      }
      content {
        header   = items.key
        value    = items.value
        override = true
      }
    }
  }
}

resource "aws_cloudfront_distribution" "page" {
  #checkov:skip=CKV_AWS_310:The page is read from S3 of one region, as the API is of one.
  #checkov:skip=CKV_AWS_374:Who may chat is the issuer's to say, not the map's.
  #checkov:skip=CKV_AWS_68:A firewall costs by the month, and files that everybody may read have little to guard: page.web_acl_arn.
  #checkov:skip=CKV_AWS_86:Who came is personal data: it is kept where page.logs says so.
  #checkov:skip=CKV2_AWS_42:A certificate goes with a name of one's own: page.domain.
  #checkov:skip=CKV2_AWS_47:No Java runs behind it.
  for_each = local.page

  enabled             = true
  comment             = local.page_name
  aliases             = try([each.value.domain.name], [])
  default_root_object = "index.html"
  http_version        = "http2and3"
  is_ipv6_enabled     = true
  web_acl_id          = each.value.web_acl_arn
  tags                = local.tags

  origin {
    origin_id                = "bucket"
    domain_name              = aws_s3_bucket.page[each.key].bucket_regional_domain_name
    origin_access_control_id = aws_cloudfront_origin_access_control.page[each.key].id
  }

  default_cache_behavior {
    target_origin_id           = "bucket"
    viewer_protocol_policy     = "redirect-to-https"
    allowed_methods            = ["GET", "HEAD"]
    cached_methods             = ["GET", "HEAD"]
    compress                   = true
    cache_policy_id            = aws_cloudfront_cache_policy.page[each.key].id
    response_headers_policy_id = aws_cloudfront_response_headers_policy.page[each.key].id
  }

  dynamic "logging_config" {
    for_each = each.value.logs[*]
    content {
      bucket          = "${logging_config.value.bucket}.s3.amazonaws.com"
      prefix          = logging_config.value.prefix
      include_cookies = false
    }
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  # For CloudFront's own name AWS alone says which TLS is taken.
  viewer_certificate {
    cloudfront_default_certificate = each.value.domain == null
    acm_certificate_arn            = try(each.value.domain.certificate_arn, null)
    ssl_support_method             = each.value.domain == null ? null : "sni-only"
    minimum_protocol_version       = each.value.domain == null ? "TLSv1" : "TLSv1.2_2021"
  }
}

resource "aws_route53_record" "page" {
  for_each = try(var.page.domain.zone, null) == null ? [] : toset(["A", "AAAA"])

  zone_id = var.page.domain.zone.id
  name    = var.page.domain.name
  type    = each.key

  alias {
    name                   = aws_cloudfront_distribution.page["on"].domain_name
    zone_id                = aws_cloudfront_distribution.page["on"].hosted_zone_id
    evaluate_target_health = false
  }
}
