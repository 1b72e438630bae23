# The page is an option: without it nothing of CloudFront, with it a private bucket that one distribution reads, and headers that
# hold browsers to what the deployment names.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  environment = "test"
  region      = "eu-central-1"
  jwt         = { issuer = "https://login.example.com/", audience = "chat", jwks_url = "https://login.example.com/jwks.json" }
  page        = { sign_in = [{ issuer = "https://login.example.com/tenant", client_id = "page" }] }
}

run "no_page" {
  command = plan

  variables {
    page = null
  }

  assert {
    condition = output.page == null && alltrue([
      for made in [aws_s3_bucket.page, aws_s3_object.page_config, aws_cloudfront_distribution.page, aws_cloudfront_cache_policy.page, aws_cloudfront_response_headers_policy.page, aws_cloudfront_origin_access_control.page, aws_route53_record.page] : length(made) == 0
    ])
    error_message = "Without the variable there must be nothing of the page."
  }
}

run "under_the_name_of_cloudfront" {
  command = apply

  assert {
    condition     = output.page.url == "https://mock.cloudfront.example" && output.page.bucket == "chat-test-page-123456789012-eu-central-1" && length(aws_route53_record.page) == 0
    error_message = "Whoever brings the files must be told where to, and where the page is."
  }

  assert {
    condition = jsondecode(aws_s3_object.page_config["on"].content) == {
      api    = { url = "https://mock.appsync-api/graphql", realtimeUrl = "wss://mock.appsync-realtime-api/graphql" }
      signIn = [{ kind = "oidc", issuer = "https://login.example.com/tenant", clientId = "page", scope = "openid" }]
    }
    error_message = "The page must be told of the API and of its issuers, and of no other way to sign in."
  }

  assert {
    condition     = aws_s3_object.page_config["on"].key == "config.json" && aws_s3_object.page_config["on"].cache_control == "no-cache"
    error_message = "What the page is told must not be kept."
  }

  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.page["on"].block_public_acls,
      aws_s3_bucket_public_access_block.page["on"].block_public_policy,
      aws_s3_bucket_public_access_block.page["on"].ignore_public_acls,
      aws_s3_bucket_public_access_block.page["on"].restrict_public_buckets,
      aws_s3_bucket_ownership_controls.page["on"].rule[0].object_ownership == "BucketOwnerEnforced",
      aws_s3_bucket_versioning.page["on"].versioning_configuration[0].status == "Enabled",
      one(aws_s3_bucket_server_side_encryption_configuration.page["on"].rule).apply_server_side_encryption_by_default[0].sse_algorithm == "AES256",
    ])
    error_message = "The bucket must be private, versioned and encrypted."
  }

  assert {
    condition = [for statement in jsondecode(aws_s3_bucket_policy.page["on"].policy).Statement : statement if statement.Effect == "Allow"] == [{
      Sid       = "OurDistributionReads"
      Effect    = "Allow"
      Principal = { Service = "cloudfront.amazonaws.com" }
      Action    = "s3:GetObject"
      Resource  = "${aws_s3_bucket.page["on"].arn}/*"
      Condition = { StringEquals = { "aws:SourceArn" = aws_cloudfront_distribution.page["on"].arn } }
    }]
    error_message = "This distribution may read files, and nobody else anything."
  }

  assert {
    condition = [for statement in jsondecode(aws_s3_bucket_policy.page["on"].policy).Statement : [statement.Principal, statement.Action, statement.Condition] if statement.Effect == "Deny"] == [
      ["*", "s3:*", { Bool = { "aws:SecureTransport" = "false" } }],
    ]
    error_message = "Nobody may come without TLS."
  }

  assert {
    condition = alltrue([
      one(aws_cloudfront_distribution.page["on"].origin).origin_access_control_id == aws_cloudfront_origin_access_control.page["on"].id,
      aws_cloudfront_origin_access_control.page["on"].signing_behavior == "always",
      aws_cloudfront_distribution.page["on"].default_root_object == "index.html",
      length(aws_cloudfront_distribution.page["on"].custom_error_response) == 0,
      aws_cloudfront_distribution.page["on"].default_cache_behavior[0].viewer_protocol_policy == "redirect-to-https",
      aws_cloudfront_distribution.page["on"].default_cache_behavior[0].response_headers_policy_id == aws_cloudfront_response_headers_policy.page["on"].id,
      aws_cloudfront_distribution.page["on"].default_cache_behavior[0].cache_policy_id == aws_cloudfront_cache_policy.page["on"].id,
      toset(aws_cloudfront_distribution.page["on"].default_cache_behavior[0].allowed_methods) == toset(["GET", "HEAD"]),
      aws_cloudfront_distribution.page["on"].viewer_certificate[0].cloudfront_default_certificate,
      length(aws_cloudfront_distribution.page["on"].logging_config) == 0,
      try(length(aws_cloudfront_distribution.page["on"].web_acl_id), 0) == 0,
      length(aws_cloudfront_distribution.page["on"].aliases) == 0,
    ])
    error_message = "The distribution must sign what it asks of the bucket, serve by TLS alone, and take no error for the page."
  }

  assert {
    condition = alltrue([
      aws_cloudfront_cache_policy.page["on"].min_ttl == 0,
      aws_cloudfront_cache_policy.page["on"].default_ttl == 0,
      aws_cloudfront_cache_policy.page["on"].max_ttl == 31536000,
      aws_cloudfront_cache_policy.page["on"].parameters_in_cache_key_and_forwarded_to_origin[0].query_strings_config[0].query_string_behavior == "none",
      aws_cloudfront_cache_policy.page["on"].parameters_in_cache_key_and_forwarded_to_origin[0].cookies_config[0].cookie_behavior == "none",
    ])
    error_message = "Files must say themselves how long they are kept, and nothing of a request may reach the bucket."
  }

  assert {
    condition = aws_cloudfront_response_headers_policy.page["on"].security_headers_config[0].content_security_policy[0].content_security_policy == join("; ", [
      "base-uri 'none'",
      "connect-src 'self' https://mock.appsync-api wss://mock.appsync-realtime-api https://login.example.com",
      "default-src 'none'",
      "font-src 'self'",
      "form-action 'self'",
      "frame-ancestors 'none'",
      "img-src 'self' blob:",
      "manifest-src 'self'",
      "media-src 'self' blob:",
      "script-src 'self'",
      "style-src 'self'",
      "worker-src 'self'",
    ])
    error_message = "The page may run its own scripts, and talk to the API and the issuers, as far as they are named."
  }

  assert {
    condition = alltrue([
      for header in aws_cloudfront_response_headers_policy.page["on"].security_headers_config : alltrue([
        header.content_security_policy[0].override,
        header.content_type_options[0].override,
        header.frame_options[0].frame_option == "DENY",
        header.referrer_policy[0].referrer_policy == "no-referrer",
        header.strict_transport_security[0].access_control_max_age_sec >= 31536000,
      ])
      ]) && { for item in aws_cloudfront_response_headers_policy.page["on"].custom_headers_config[0].items : item.header => item.value } == {
      Cross-Origin-Opener-Policy   = "same-origin"
      Cross-Origin-Resource-Policy = "same-origin"
      Permissions-Policy           = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
    }
    error_message = "Browsers must be held to the page."
  }
}

run "with_everything" {
  command = apply

  variables {
    region  = "us-east-1"
    uploads = { origins = ["https://app.example.com"] }
    people  = { avatar_hosts = ["pictures.example.com"] }
    page = {
      sign_in = [
        { issuer = "https://login.example.com", client_id = "page", scope = "openid profile" },
        { issuer = "https://sso.example.com:8443/realms/company", client_id = "chat" },
      ]
      connect     = ["https://tokens.example.com", "https://login.example.com"]
      domain      = { name = "chat.example.com", certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/1", zone = { id = "Z1" } }
      web_acl_arn = "arn:aws:wafv2:us-east-1:123456789012:global/webacl/page/1"
      logs        = { bucket = "our-logs" }
    }
  }

  override_data {
    target = data.aws_region.current
    values = { id = "us-east-1" }
  }

  assert {
    condition = alltrue([
      output.page.url == "https://chat.example.com",
      aws_cloudfront_distribution.page["on"].aliases == toset(["chat.example.com"]),
      aws_cloudfront_distribution.page["on"].viewer_certificate[0].acm_certificate_arn == var.page.domain.certificate_arn,
      aws_cloudfront_distribution.page["on"].viewer_certificate[0].minimum_protocol_version == "TLSv1.2_2021",
      aws_cloudfront_distribution.page["on"].viewer_certificate[0].ssl_support_method == "sni-only",
      aws_cloudfront_distribution.page["on"].web_acl_id == var.page.web_acl_arn,
      aws_cloudfront_distribution.page["on"].logging_config[0].bucket == "our-logs.s3.amazonaws.com",
      aws_cloudfront_distribution.page["on"].logging_config[0].include_cookies == false,
    ])
    error_message = "A name of one's own is served by TLS 1.2 and newer, behind the firewall and with the logs that were asked for."
  }

  assert {
    condition     = { for type, record in aws_route53_record.page : type => [record.name, record.alias[0].name, record.alias[0].zone_id] } == { for type in ["A", "AAAA"] : type => ["chat.example.com", "mock.cloudfront.example", "Z2FDTNDATAQYW2"] }
    error_message = "The name must point to the distribution, by IPv4 and IPv6."
  }

  assert {
    condition = alltrue([
      for directive in [
        "connect-src 'self' https://mock.appsync-api wss://mock.appsync-realtime-api https://login.example.com https://sso.example.com:8443 https://${output.uploads_bucket}.s3.us-east-1.amazonaws.com https://${output.uploads_bucket}.s3.amazonaws.com https://tokens.example.com",
        "img-src 'self' blob: https://${output.uploads_bucket}.s3.us-east-1.amazonaws.com https://${output.uploads_bucket}.s3.amazonaws.com https://pictures.example.com",
        "media-src 'self' blob: https://${output.uploads_bucket}.s3.us-east-1.amazonaws.com https://${output.uploads_bucket}.s3.amazonaws.com",
      ] : contains(split("; ", aws_cloudfront_response_headers_policy.page["on"].security_headers_config[0].content_security_policy[0].content_security_policy), directive)
    ])
    error_message = "Files and pictures must come from where they lie, each origin once."
  }

  assert {
    condition     = one(aws_s3_bucket_cors_configuration.uploads[0].cors_rule).allowed_origins == toset(["https://app.example.com", "https://chat.example.com"])
    error_message = "The page may post files, beside whoever else was named."
  }

  assert {
    condition     = jsondecode(aws_s3_object.page_config["on"].content).signIn[*].scope == ["openid profile", "openid"]
    error_message = "Each issuer has its own scope."
  }
}

run "files_from_the_page_alone" {
  command = apply

  variables {
    uploads = {}
  }

  assert {
    condition     = one(aws_s3_bucket_cors_configuration.uploads[0].cors_rule).allowed_origins == toset(["https://mock.cloudfront.example"])
    error_message = "The page may post files without being named."
  }
}

run "before_an_api_that_is_there" {
  command = plan

  variables {
    existing = { api = { id = "abc", graphql_url = "https://abc.appsync-api.eu-central-1.amazonaws.com/graphql" } }
  }

  assert {
    condition = (
      jsondecode(aws_s3_object.page_config["on"].content).api == { url = "https://abc.appsync-api.eu-central-1.amazonaws.com/graphql" }
      && strcontains(local.page_policy["on"], "connect-src 'self' https://abc.appsync-api.eu-central-1.amazonaws.com wss://abc.appsync-realtime-api.eu-central-1.amazonaws.com https://login.example.com;")
    )
    error_message = "Of an API that is there the realtime endpoint is where AppSync puts it."
  }
}

run "one_name_for_two" {
  command = plan

  variables {
    domain = { name = "chat.example.com", certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/1" }
    page = {
      sign_in = [{ issuer = "https://login.example.com", client_id = "page" }]
      domain  = { name = "chat.example.com", certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/1" }
    }
  }

  expect_failures = [var.page]
}
