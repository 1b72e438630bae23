# An option: the page of web/, from a private bucket through CloudFront. Terraform makes the place and its config.json; `make
# deploy-page` brings the files, which say themselves how long they may be kept: docs/page.md.

locals {
  page      = var.page == null ? {} : { on = var.page }
  page_name = "${local.short_prefixes.page}-page-${var.region}" # policies of CloudFront are the account's, whatever the region

  page_origins = [for key, each in local.page : try("https://${each.domain.name}", "https://${aws_cloudfront_distribution.page[key].domain_name}")]

  # What the page reads as /config.json: web/src/config.ts. The demo's way to sign in can not be said here.
  page_config = {
    for key, each in local.page : key => {
      api    = { for name, url in { url = local.api.graphql_url, realtimeUrl = local.api.realtime_url } : name => url if url != null }
      signIn = [for way in each.sign_in : { kind = "oidc", issuer = way.issuer, clientId = way.client_id, scope = way.scope }]
    }
  }

  # Where AppSync has it if nobody says: clients/typescript/src/transports/appsync.ts.
  page_realtime_url = coalesce(local.api.realtime_url, replace(replace(coalesce(local.api.graphql_url, "https://none"), ".appsync-api.", ".appsync-realtime-api."), "/^https:/", "wss:"))

  # Files are posted to the bucket, and pictures are shown from it. In us-east-1 botocore signs for the address without a region.
  page_objects = [
    for host in concat(["s3.${var.region}"], var.region == "us-east-1" ? ["s3"] : []) : "https://${local.uploads_bucket}.${host}.amazonaws.com"
    if var.uploads != null
  ]

  page_policy = {
    for key, each in local.page : key => join("; ", [
      for directive, sources in {
        default-src = ["'none'"]
        script-src  = ["'self'"]
        style-src   = ["'self'"]
        img-src     = concat(["'self'", "blob:"], local.page_objects, [for host in var.people.avatar_hosts : "https://${host}"])
        media-src   = concat(["'self'", "blob:"], local.page_objects)
        connect-src = distinct(concat(
          ["'self'"],
          [for url in concat([local.api.graphql_url, local.page_realtime_url], each.sign_in[*].issuer) : regex("^[a-z]+://[^/]+", url)],
          local.page_objects,
          each.connect,
        ))
        font-src        = ["'self'"]
        manifest-src    = ["'self'"]
        worker-src      = ["'self'"]
        base-uri        = ["'none'"]
        form-action     = ["'self'"]
        frame-ancestors = ["'none'"]
      } : "${directive} ${join(" ", sources)}"
    ])
  }
}

resource "aws_s3_bucket" "page" {
  #checkov:skip=CKV_AWS_145:Everybody may read what is in it. A key would have to admit CloudFront, and hide nothing.
  for_each = local.page

  bucket        = local.bucket_names.page
  force_destroy = true # its files are built anew at any time
  tags          = local.tags

  lifecycle {
    ignore_changes = [bucket] # under another name it would be another bucket, without what is in this one
  }
}

resource "aws_s3_bucket_public_access_block" "page" {
  for_each = local.page

  bucket = aws_s3_bucket.page[each.key].id

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "page" {
  for_each = local.page

  bucket = aws_s3_bucket.page[each.key].id

  rule {
    object_ownership = "BucketOwnerEnforced" # no access lists
  }
}

resource "aws_s3_bucket_versioning" "page" {
  for_each = local.page

  bucket = aws_s3_bucket.page[each.key].id

  versioning_configuration {
    status = "Enabled" # the page of before can be had back
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "page" {
  for_each = local.page

  bucket = aws_s3_bucket.page[each.key].id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "page" {
  for_each = local.page

  bucket = aws_s3_bucket.page[each.key].id

  rule {
    id     = "end"
    status = "Enabled"

    filter {}

    noncurrent_version_expiration {
      noncurrent_days = 30
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }

  depends_on = [aws_s3_bucket_versioning.page]
}

# Without s3:ListBucket a file that is not there is a 403, and nobody learns what is.
resource "aws_s3_bucket_policy" "page" {
  for_each = local.page

  bucket = aws_s3_bucket.page[each.key].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "OnlyEncryptedTransport"
        Effect    = "Deny"
        Principal = "*"    # a denial for everybody
        Action    = "s3:*" # of everything
        Resource  = [aws_s3_bucket.page[each.key].arn, "${aws_s3_bucket.page[each.key].arn}/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
      {
        Sid       = "OurDistributionReads"
        Effect    = "Allow"
        Principal = { Service = "cloudfront.amazonaws.com" }
        Action    = "s3:GetObject"
        Resource  = "${aws_s3_bucket.page[each.key].arn}/*" # all of it is the page
        Condition = { StringEquals = { "aws:SourceArn" = aws_cloudfront_distribution.page[each.key].arn } }
      },
    ]
  })

  depends_on = [aws_s3_bucket_public_access_block.page]
}

resource "aws_s3_object" "page_config" {
  #checkov:skip=CKV_AWS_186:The page reads it before anybody has signed in.
  for_each = local.page

  bucket        = aws_s3_bucket.page[each.key].id
  key           = "config.json"
  content       = jsonencode(local.page_config[each.key])
  content_type  = "application/json"
  cache_control = "no-cache"
  tags          = local.tags

  depends_on = [aws_s3_bucket_versioning.page, aws_s3_bucket_server_side_encryption_configuration.page]
}
