# What moves the aliases from release to release is no part of this configuration: releases/, by `make deploy`, `make promote` and
# `make rollback`. It is told by the output `release` what there is, and by these alarms when a canary is to be reverted.

locals {
  # Beside the alarm of what is promised to people (slo): what never happens in a version that is right, and what would refuse
  # people. Alarms of a percentile are not among them: on few calls they have no state to go by, and slo looks at them.
  reverting = [
    "internal-error", "service-unavailable", "broken-run", "authorizer-failed", "keys-unavailable", "tokens-refused",
    "selection-unknown", "clock-in-doubt", "inbound-refused",
  ]
}
