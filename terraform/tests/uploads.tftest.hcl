# Attachments are an option: without it neither a bucket nor a right on one, with it what the wiring says, folder by folder.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  environment = "test"
  region      = "eu-central-1"
  jwt         = { issuer = "issuer", audience = "chat", jwks_url = "https://issuer.example/jwks.json" }
}

run "no_attachments" {
  command = plan

  assert {
    condition     = length(aws_s3_bucket.uploads) == 0 && output.uploads_bucket == null
    error_message = "Without the variable there must be no bucket."
  }

  assert {
    condition     = length(flatten(values(local.object_statements))) == 0 && !contains(keys(local.settings), "UPLOADS_BUCKET")
    error_message = "Without a bucket no function may have rights on one, or be told of one."
  }
}

run "attachments" {
  command = plan

  variables {
    uploads  = { origins = ["https://chat.example.com", "http://localhost:3000"], types = ["image/png", "text/plain"], max_bytes = 1000 }
    existing = { kms_key = { arn = "arn:aws:kms:eu-central-1:123456789012:key/1" } }
  }

  assert {
    condition     = output.uploads_bucket == "chat-test-uploads-123456789012-eu-central-1" && aws_s3_bucket.uploads[0].bucket == output.uploads_bucket
    error_message = "The bucket's name must tell the deployment, and be nobody else's."
  }

  assert {
    condition = alltrue([
      for module, each in local.functions :
      { for name, value in merge(aws_lambda_function.chat, aws_lambda_function.reader)[module].environment[0].variables : name => value if startswith(name, "UPLOAD") || name == "MAX_UPLOAD_BYTES" }
      == { for name, value in { UPLOADS_BUCKET = output.uploads_bucket, UPLOAD_TYPES = "image/png,text/plain", MAX_UPLOAD_BYTES = "1000" } : name => value if contains(each.settings, name) }
    ])
    error_message = "The functions must be told of the bucket and its limits as far as their wiring lists them."
  }

  assert {
    condition = toset(flatten([for module, statements in local.object_statements : [for statement in statements : [
      for action in statement.Action : [for resource in statement.Resource : "${module} ${action} ${resource}"]
      ]]])) == toset([
      "attachment s3:GetObject ${local.uploads_arn}/kept/*",
      "attachment s3:GetObject ${local.uploads_arn}/held/*",
      "avatar s3:GetObject ${local.uploads_arn}/avatars/*",
      "send_message s3:GetObject ${local.uploads_arn}/pending/*",
      "send_message s3:PutObject ${local.uploads_arn}/kept/*",
      "send_message s3:PutObject ${local.uploads_arn}/held/*",
      "send_message s3:DeleteObject ${local.uploads_arn}/kept/*",
      "send_message s3:DeleteObject ${local.uploads_arn}/held/*",
      "remove_message s3:DeleteObject ${local.uploads_arn}/pending/*",
      "remove_message s3:DeleteObject ${local.uploads_arn}/kept/*",
      "update_room s3:GetObject ${local.uploads_arn}/pending/*",
      "update_room s3:PutObject ${local.uploads_arn}/avatars/*",
      "create_upload s3:PutObject ${local.uploads_arn}/pending/*",
      "update_me s3:GetObject ${local.uploads_arn}/pending/*",
      "update_me s3:PutObject ${local.uploads_arn}/avatars/*",
      "data_requests s3:GetObject ${local.uploads_arn}/exports/*",
      "run_jobs s3:DeleteObject ${local.uploads_arn}/pending/*",
      "run_jobs s3:DeleteObject ${local.uploads_arn}/kept/*",
      "run_jobs s3:DeleteObject ${local.uploads_arn}/held/*",
      "run_jobs s3:DeleteObject ${local.uploads_arn}/avatars/*",
      "run_jobs s3:DeleteObject ${local.uploads_arn}/exports/*",
      "run_jobs s3:GetObject ${local.uploads_arn}/kept/*",
      "run_jobs s3:GetObject ${local.uploads_arn}/held/*",
      "run_jobs s3:GetObject ${local.uploads_arn}/exports/*",
      "run_jobs s3:PutObject ${local.uploads_arn}/kept/*",
      "run_jobs s3:PutObject ${local.uploads_arn}/held/*",
      "run_jobs s3:PutObject ${local.uploads_arn}/exports/*",
      "run_jobs s3:GetObject ${local.uploads_arn}/avatars/*",
      "run_jobs s3:ListMultipartUploadParts ${local.uploads_arn}/exports/*",
    ])
    error_message = "Only these functions may touch objects, and each only those of its folders."
  }

  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.uploads[0].block_public_acls,
      aws_s3_bucket_public_access_block.uploads[0].block_public_policy,
      aws_s3_bucket_public_access_block.uploads[0].ignore_public_acls,
      aws_s3_bucket_public_access_block.uploads[0].restrict_public_buckets,
      aws_s3_bucket_ownership_controls.uploads[0].rule[0].object_ownership == "BucketOwnerEnforced",
    ])
    error_message = "Nobody may make the bucket or what is in it public."
  }

  assert {
    condition = (
      one(aws_s3_bucket_server_side_encryption_configuration.uploads[0].rule).apply_server_side_encryption_by_default[0].sse_algorithm == "aws:kms"
      && one(aws_s3_bucket_server_side_encryption_configuration.uploads[0].rule).apply_server_side_encryption_by_default[0].kms_master_key_id == var.existing.kms_key.arn
    )
    error_message = "The deployment's key must encrypt attachments, too."
  }

  assert {
    condition = { for rule in aws_s3_bucket_lifecycle_configuration.uploads[0].rule : rule.filter[0].prefix => rule.expiration[0].days if rule.id != "incomplete" } == merge(
      { "pending/" = 1, "exports/" = 7 }, { for days in local.kept_days : "kept/${days}/" => days + 1 }
    )
    error_message = "Files that nobody sent must go after a day, and those that were sent after their message."
  }

  assert {
    condition     = one(aws_s3_bucket_cors_configuration.uploads[0].cors_rule).allowed_origins == toset(["https://chat.example.com", "http://localhost:3000"])
    error_message = "Browsers may post and get from the named origins."
  }
}

run "attachments_of_apps_alone" {
  command = plan

  variables {
    uploads = {}
  }

  assert {
    condition     = length(aws_s3_bucket.uploads) == 1 && length(aws_s3_bucket_cors_configuration.uploads) == 0
    error_message = "Without origins no browser may use the bucket."
  }

  assert {
    condition     = !contains(keys(local.settings), "UPLOAD_TYPES") && !contains(keys(local.settings), "MAX_UPLOAD_BYTES")
    error_message = "What is left out must be as the code says."
  }
}

run "every_origin" {
  command = plan
  variables {
    uploads = { origins = ["*"] }
  }
  expect_failures = [var.uploads]
}

run "types_that_browsers_run" {
  command = plan
  variables {
    uploads = { types = ["image/svg+xml"] }
  }
  expect_failures = [var.uploads]
}

run "files_that_a_function_could_not_copy" {
  command = plan
  variables {
    uploads = { max_bytes = 104857601 }
  }
  expect_failures = [var.uploads]
}
