@echo off
rem Rechte der Ordner von Fachwerk: der Dienst, das System und die Administratoren, sonst niemand. Als Administrator
rem ausfuehren, nachdem der Dienst eingerichtet ist (sein Konto gibt es erst dann). S-1-5-18 ist das System,
rem S-1-5-32-544 sind die Administratoren, in jeder Sprache von Windows.
setlocal
set "ORDNER=C:\ProgramData\Fachwerk"
icacls "%ORDNER%" /inheritance:r /grant:r "*S-1-5-18:(OI)(CI)F" "*S-1-5-32-544:(OI)(CI)F" "NT SERVICE\Fachwerk:(OI)(CI)M" || exit /b 1
icacls "%ORDNER%\fachwerk.toml" /inheritance:r /grant:r "*S-1-5-18:F" "*S-1-5-32-544:F" "NT SERVICE\Fachwerk:R" || exit /b 1
icacls "%ORDNER%\fachwerk.key" /inheritance:r /grant:r "*S-1-5-18:F" "*S-1-5-32-544:F" "NT SERVICE\Fachwerk:R" || exit /b 1
rem Pfade ueber 260 Zeichen (Ordner der Aktenablage koennen lang werden)
reg add "HKLM\SYSTEM\CurrentControlSet\Control\FileSystem" /v LongPathsEnabled /t REG_DWORD /d 1 /f || exit /b 1
echo Gut. Lange Pfade gelten nach einem Neustart der Programme.
