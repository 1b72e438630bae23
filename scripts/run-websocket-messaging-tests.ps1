#!/usr/bin/env pwsh
<#
.SYNOPSIS
The page in real browsers: the same as `make test-web`.

.PARAMETER Browsers
Which browsers are tried.

.PARAMETER SeleniumUrl
The address of a Selenium Grid, in the place of this machine's own browsers.

.EXAMPLE
./scripts/run-websocket-messaging-tests.ps1 -Browsers firefox
#>
[CmdletBinding()]
param(
    [ValidateSet('chromium', 'firefox')]
    [string[]] $Browsers = @('chromium', 'firefox'),
    [uri] $SeleniumUrl
)

$ErrorActionPreference = 'Stop'
Set-Location -Path (Join-Path -Path $PSScriptRoot -ChildPath '..')
$env:BROWSERS = $Browsers -join ','
if ($SeleniumUrl) {
    $env:SELENIUM_URL = $SeleniumUrl.AbsoluteUri
}
& make test-web
exit $LASTEXITCODE
