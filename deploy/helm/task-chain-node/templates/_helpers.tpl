{{/* The name of everything of this release: task-chain-node, or <release>-task-chain-node. */}}
{{- define "node.name" -}}
{{- if eq .Release.Name .Chart.Name }}{{ .Chart.Name }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 48 | trimSuffix "-" }}{{ end -}}
{{- end }}

{{- define "node.version" -}}
{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "node.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "node.labels" -}}
{{ include "node.selector" . }}
app.kubernetes.io/version: {{ include "node.version" . | trunc 63 | trimAll "-_." | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "node.ports" -}}
{{- range . }}
- { protocol: TCP, port: {{ . }} }
{{- end }}
{{- end }}

{{/* What both containers have in common: the image, and what it may do. */}}
{{- define "node.container" -}}
image: {{ .Values.image.repository }}{{ if .Values.image.digest }}@{{ .Values.image.digest }}{{ else }}:{{ include "node.version" . }}{{ end }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
resources:
  {{- toYaml .Values.resources | nindent 2 }}
{{- if .Values.extraCa.existingConfigMap }}
env:
  - name: NODE_EXTRA_CA_CERTS
    value: /etc/task-chain-ca/{{ .Values.extraCa.key }}
{{- end }}
{{- end }}

{{- define "node.mounts" -}}
- name: tmp
  mountPath: /tmp
- name: site
  mountPath: /data/site
{{- if .Values.extraCa.existingConfigMap }}
- name: ca
  mountPath: /etc/task-chain-ca
  readOnly: true
{{- end }}
{{- end }}
