{{- /* Its change gives the ConfigMaps other names, which rolls the Deployments. */}}
{{- define "hash" -}}
{{ list .Chart.Version .Values | toJson | sha256sum | trunc 10 }}
{{- end }}
