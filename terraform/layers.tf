# Where the packages are, and the two layers: a change of our code does not upload the dependencies anew.

locals {
  package_files = merge(
    { dependencies = "layer-dependencies-${var.architecture}.zip", chat = "layer-chat.zip" },
    { for module in keys(local.functions) : module => "functions/${module}.zip" },
  )

  # As files (filename), or as objects of a bucket (s3_key); what is null does not apply.
  packages = {
    for name, file in local.package_files : name => {
      filename = var.packages_in_s3 == null ? "${coalesce(var.packages, "${path.module}/../dist")}/${file}" : null
      bucket   = try(var.packages_in_s3.bucket, null)
      key      = try("${var.packages_in_s3.prefix}${file}", null)
    }
  }

  # "functions/messages.zip" => the sum, 64 hexadecimal digits. `sha256sum` puts two blanks, or a blank and a star, between.
  package_sums = { for line in regexall("(?m)^([0-9a-f]{64}) [ *](\\S+)$", try(var.packages_in_s3.sha256sums, "")) : line[1] => line[0] }

  # Null for an absent file or sum, which a precondition explains: a hash of nothing would stop with a stack of file names.
  package_hashes = {
    for name, file in local.package_files : name =>
    var.packages_in_s3 == null ? try(filebase64sha256(local.packages[name].filename), null) : lookup(local.package_sums_base64, file, null)
  }

  package_is_absent = {
    for name, file in local.package_files : name => var.packages_in_s3 == null
    ? "${coalesce(local.packages[name].filename, file)} is absent: run `make package` first, or point the variable packages to the folder that holds it."
    : "packages_in_s3.sha256sums has no line for ${file}: it must be the text of the release's SHA256SUMS."
  }

  # Lambda writes sums as base64, and Terraform reads no hexadecimal digits: six of them (24 bits, padded by two) are four digits
  # of base64.
  base64_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
  package_sums_base64 = {
    for file, sum in local.package_sums : file => join("", [
      substr(join("", flatten([
        for start in range(0, 66, 6) : [
          for place in [262144, 4096, 64, 1] : substr(local.base64_digits, floor(parseint(substr("${sum}00", start, 6), 16) / place) % 64, 1)
        ]
      ])), 0, 43),
      "=",
    ])
  }
}

resource "aws_lambda_layer_version" "chat" {
  for_each = {
    dependencies = "What others wrote: libraries, pinned."
    chat         = "The rules of the chat, and what every function does around its one call."
  }

  layer_name               = "${local.prefix}-${each.key}"
  description              = each.value
  filename                 = local.packages[each.key].filename
  s3_bucket                = local.packages[each.key].bucket
  s3_key                   = local.packages[each.key].key
  source_code_hash         = local.package_hashes[each.key]
  compatible_runtimes      = [local.runtime]
  compatible_architectures = [var.architecture]

  lifecycle {
    create_before_destroy = true # functions use the old version until they have the new one

    precondition {
      condition     = local.package_hashes[each.key] != null
      error_message = local.package_is_absent[each.key]
    }

    postcondition {
      condition     = var.packages_in_s3 == null || self.code_sha256 == local.package_hashes[each.key]
      error_message = "What lies at ${coalesce(local.packages[each.key].key, "…")} is not what packages_in_s3.sha256sums says."
    }
  }
}
