# Two layers, so that a change of our code does not upload the dependencies anew.

locals {
  packages = merge(
    {
      dependencies = "${var.packages}/layer-dependencies-${var.architecture}.zip"
      chat         = "${var.packages}/layer-chat.zip"
    },
    { for module in keys(local.functions) : module => "${var.packages}/functions/${module}.zip" },
  )

  # Null for an absent file, which a precondition explains: a hash of nothing would stop with a stack of file names.
  package_hashes = { for name, path in local.packages : name => try(filebase64sha256(path), null) }
}

resource "aws_lambda_layer_version" "chat" {
  for_each = {
    dependencies = "What others wrote: libraries, pinned."
    chat         = "The rules of the chat, and what every function does around its one call."
  }

  layer_name               = "${local.prefix}-${each.key}"
  description              = each.value
  filename                 = local.packages[each.key]
  source_code_hash         = local.package_hashes[each.key]
  compatible_runtimes      = [local.runtime]
  compatible_architectures = [var.architecture]

  lifecycle {
    create_before_destroy = true # functions use the old version until they have the new one

    precondition {
      condition     = local.package_hashes[each.key] != null
      error_message = "${local.packages[each.key]} is absent: run `make package` first, or point the variable packages to the folder that holds it."
    }
  }
}
