# Installiert Fachwerk aus diesem Ordner, ohne Netz: installiere.ps1 "C:\Program Files\Fachwerk" [py]
param([Parameter(Mandatory)][string]$Ziel, [string]$Python = "python")
$ErrorActionPreference = "Stop"
$Ziel = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Ziel)
Set-Location $PSScriptRoot

foreach ($zeile in Get-Content PRUEFSUMMEN) {
    $summe, $datei = $zeile -split "  ", 2
    if ((Get-FileHash -Algorithm SHA256 -LiteralPath $datei).Hash -ne $summe) {
        throw "Das Paket ist beschaedigt oder unvollstaendig ($datei): bitte neu kopieren."
    }
}
$hier = & $Python -c "import sys; print('%d.%d' % sys.version_info[:2])"
$soll = (Get-Content PYTHON).Trim()
if ($hier -ne $soll) { throw "Gebaut fuer Python $soll, '$Python' ist $hier." }

if (-not (Test-Path "$Ziel\Scripts\python.exe")) { & $Python -m venv $Ziel }
& "$Ziel\Scripts\python.exe" -m pip --isolated install --no-index -f raeder --disable-pip-version-check --quiet --upgrade -c constraints.txt -r anforderungen.txt
if ($LASTEXITCODE) { throw "Die Installation ist gescheitert." }
& "$Ziel\Scripts\python.exe" -m pip --isolated check
if ($LASTEXITCODE) { throw "Die Installation ist unvollstaendig." }
Write-Output "Installiert: $Ziel\Scripts\fachwerk.exe"
