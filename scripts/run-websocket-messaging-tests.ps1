# The page's journeys in browsers: the same entry as `make test-web`.
#   scripts/run-websocket-messaging-tests.ps1 [-Full] [-Browsers chromium,firefox] [-SeleniumUrl http://127.0.0.1:4444]
[CmdletBinding()]
param(
    [switch] $Full,
    [string] $Browsers = 'chromium,firefox',
    [string] $SeleniumUrl = ''
)
$ErrorActionPreference = 'Stop'
$root = Split-Path -Parent $PSScriptRoot
$env:BROWSERS = $Browsers
if ($SeleniumUrl) { $env:SELENIUM_URL = $SeleniumUrl }
$arguments = @('test-web')
if ($Full) { $arguments += 'FULL=1' }
& make --directory $root @arguments
exit $LASTEXITCODE
