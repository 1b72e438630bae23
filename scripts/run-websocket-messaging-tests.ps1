# The page's journeys in browsers: the same entry as `make test-web`, for PowerShell where make, Node and Python are.
#
#   scripts/run-websocket-messaging-tests.ps1 [-Full] [-Browsers chromium,firefox] [-Only cut] [-SeleniumUrl http://127.0.0.1:4444]
[CmdletBinding()]
param(
    [switch] $Full,
    [string[]] $Browsers = @(),
    [string] $Only = '',
    [string] $SeleniumUrl = ''
)

$ErrorActionPreference = 'Stop'
$root = Split-Path -Parent $PSScriptRoot

$arguments = @('--directory', $root, 'test-web')
if ($Full) { $arguments += 'FULL=1' }
if ($Browsers) { $arguments += 'BROWSERS=' + ($Browsers -join ',') }
if ($Only) { $arguments += 'ONLY=' + $Only }
if ($SeleniumUrl) { $arguments += 'SELENIUM_URL=' + $SeleniumUrl }

& make @arguments
exit $LASTEXITCODE
