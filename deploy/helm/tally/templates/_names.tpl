{{/* One installation in a cluster: the webhook configurations are named tally, as everything else. */}}
{{- define "tally.selector" -}}
app.kubernetes.io/name: tally
app.kubernetes.io/component: control-plane
{{- end }}

{{- define "tally.labels" -}}
{{ include "tally.selector" . }}
app.kubernetes.io/part-of: tallystick
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{- end }}

{{- define "tally.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end }}

{{/* Policies as a map of file names and texts: those of the folder, then those of the values. */}}
{{- define "tally.policies" -}}
{{- $files := dict -}}
{{- range $path, $text := .Files.Glob "policies/*.y*ml" -}}
{{- $_ := set $files (base $path) (toString $text) -}}
{{- end -}}
{{- range $name, $text := .Values.policies -}}
{{- $_ := set $files $name $text -}}
{{- end -}}
{{- if $files -}}{{- toYaml $files -}}{{- end -}}
{{- end }}

{{- define "tally.serve" -}}
{{- $fixed := dict
    "listen" (printf "%s:8443" .Values.listenAddress)
    "listenHealth" (printf "%s:8080" .Values.listenAddress)
    "namespace" .Release.Namespace
    "service" "tally"
    "lease" "tally"
    "state" "/var/lib/tally" -}}
{{- if include "tally.policies" . -}}
{{- $_ := set $fixed "policies" (list "/etc/tally-policies") -}}
{{- end -}}
{{- if .Values.certificates.secret -}}
{{- $_ := set $fixed "certificates" (dict
    "certificate" "/etc/tally-certificates/tls.crt"
    "key" "/etc/tally-certificates/tls.key"
    "authority" "/etc/tally-certificates/ca.crt") -}}
{{- end -}}
{{- if .Values.clientAuthority.configMap -}}
{{- $_ := set $fixed "clientAuthority" "/etc/tally-client/ca.crt" -}}
{{- end -}}
{{- toYaml (mergeOverwrite (deepCopy .Values.config.serve) $fixed) -}}
{{- end }}

{{- define "tally.configuration" -}}
apiVersion: tallystick.dev/v1alpha1
kind: Configuration
{{- range $key := list "tiers" "podSecurity" "exceptions" "enforcement" }}
{{- with index $.Values.config $key }}
{{ $key }}:
{{ toYaml . | indent 2 }}
{{- end }}
{{- end }}
serve:
{{ include "tally.serve" . | indent 2 }}
{{- end }}
