# Packages in S3, held to a release's checksums.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  environment = "test"
  region      = "eu-central-1"
  jwt         = { issuer = "issuer", audience = "chat", jwks_url = "https://issuer.example/jwks.json" }
}

run "checksums_are_read" {
  command = plan

  variables {
    packages_in_s3 = {
      bucket = "releases"
      prefix = "1.4.0/"
      sha256sums = join("\n", concat(
        ["${sha256("wheel")}  appsync_chat-1.4.0-py3-none-any.whl", "${sha256("chat")}  layer-chat.zip", "${sha256("arm")} *layer-dependencies-arm64.zip"],
        [for module in distinct([for name, each in jsondecode(file("../resolvers/wiring.json")).fields : each.module]) : "${sha256(module)}  functions/${module}.zip"],
        [for module in ["authorizer", "guild_membership", "run_jobs", "project_stream"] : "${sha256(module)}  functions/${module}.zip"],
        [""],
      ))
    }
  }

  assert {
    condition = alltrue([
      for module, function in aws_lambda_function.chat :
      function.filename == null && function.s3_bucket == "releases" && function.s3_key == "1.4.0/functions/${module}.zip"
      && function.source_code_hash == base64sha256(module)
    ])
    error_message = "Functions must come from the bucket, with the sums of the release."
  }

  assert {
    condition     = aws_lambda_layer_version.chat["dependencies"].source_code_hash == base64sha256("arm") && aws_lambda_layer_version.chat["chat"].s3_key == "1.4.0/layer-chat.zip"
    error_message = "Layers must come from the bucket, with the sums of the release."
  }
}

run "a_release_without_a_package" {
  command = plan

  variables {
    packages_in_s3 = { bucket = "releases", sha256sums = "" }
  }

  expect_failures = [aws_lambda_layer_version.chat]
}
