{{/* The name of everything of this release: task-chain, or <release>-task-chain. */}}
{{- define "tc.name" -}}
{{- if eq .Release.Name .Chart.Name }}{{ .Chart.Name }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 36 | trimSuffix "-" }}{{ end -}}
{{- end }}

{{- define "tc.version" -}}
{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "tc.image" -}}
{{ .Values.image.repository }}{{ if .Values.image.digest }}@{{ .Values.image.digest }}{{ else }}:{{ include "tc.version" . }}{{ end }}
{{- end }}

{{/* The image as the end of a name: a Job cannot be changed, so each image needs one of its own. */}}
{{- define "tc.imageName" -}}
{{- $tag := regexReplaceAll "[^a-z0-9]+" (include "tc.version" . | lower) "-" | trunc 16 | trimAll "-" -}}
{{ printf "%s-%s" $tag (include "tc.image" . | sha256sum | trunc 8) | trimPrefix "-" }}
{{- end }}

{{/* Of (dict "root" $ "component" "api"): what a selector asks for. */}}
{{- define "tc.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "tc.labels" -}}
{{ include "tc.selector" . }}
app.kubernetes.io/version: {{ include "tc.version" .root | trunc 63 | trimAll "-_." | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
{{- end }}

{{/* Secrets of .part, a key of database.keys: variable, secret and key of each. The API seals stored secrets, workers open them. */}}
{{- define "tc.secrets" -}}
{{- $values := .root.Values -}}
{{- $database := $values.database -}}
- [DATABASE_URL, {{ $database.existingSecret | quote }}, {{ index $database.keys .part | quote }}]
{{- if and (eq .part "migrate") (ne $database.keys.api $database.keys.migrate) }}
{{- range $part := list "api" "listener" "worker" }}
- [DATABASE_URL_{{ upper $part }}, {{ $database.existingSecret | quote }}, {{ index $database.keys $part | quote }}]
{{- end }}
{{- end }}
{{- if and $values.redis.existingSecret (ne .part "migrate") }}
- [REDIS_URL, {{ $values.redis.existingSecret | quote }}, {{ $values.redis.key | quote }}]
{{- end }}
{{- if and $values.signIn.adminKey.existingSecret (eq .part "api") }}
- [ADMIN_API_KEY, {{ $values.signIn.adminKey.existingSecret | quote }}, {{ $values.signIn.adminKey.key | quote }}]
{{- end }}
{{- with $values.signIn.oidc.client }}{{ if and .existingSecret (eq $.part "api") }}
- [OIDC_CLIENT_SECRET, {{ .existingSecret | quote }}, {{ .key | quote }}]
{{- end }}{{ end }}
{{- if and $values.nodes.caKey.existingSecret (or .isForSites (eq .part "api")) }}
- [NODE_CA_KEY, {{ $values.nodes.caKey.existingSecret | quote }}, {{ $values.nodes.caKey.key | quote }}]
{{- with $values.nodes.caCert }}{{ if .existingSecret }}
- [NODE_CA_CERT, {{ .existingSecret | quote }}, {{ .key | quote }}]
{{- end }}{{ end }}
{{- end }}
{{- if and $values.celery.existingSecret (has .part (list "api" "worker")) (not .isForSites) }}
- [CELERY_BROKERS, {{ $values.celery.existingSecret | quote }}, {{ $values.celery.key | quote }}]
{{- end }}
{{- if and (eq .part "worker") (not .isForSites) }}
{{- with $values.secrets.privateKey }}{{ if .existingSecret }}
- [SECRETS_PRIVATE_KEY, {{ .existingSecret | quote }}, {{ .key | quote }}]
{{- end }}{{ end }}
{{- with $values.secretsKey }}{{ if .existingSecret }}
- [SECRETS_KEY, {{ .existingSecret | quote }}, {{ .key | quote }}]
{{- if .previousKey }}
- [SECRETS_KEY_PREVIOUS, {{ .existingSecret | quote }}, {{ .previousKey | quote }}]
{{- end }}
{{- end }}{{ end }}
{{- end }}
{{- end }}

{{/* Variables of every app; .part is a key of database.keys. Secrets are files: other processes of a user can read an environment. */}}
{{- define "tc.environment" -}}
{{- $values := .root.Values -}}
- name: LOG_LEVEL
  value: {{ $values.config.logLevel }}
- name: DIAGNOSTIC_TASKS
  value: {{ ternary "on" "off" $values.config.diagnosticTasks | quote }}
{{- range include "tc.secrets" . | fromYamlArray }}
- name: {{ first . }}_FILE
  value: /etc/task-chain-secrets/{{ first . }}
{{- end }}
{{- if and $values.secrets.publicKey (eq .part "api") }}
- name: SECRETS_PUBLIC_KEY
  value: {{ $values.secrets.publicKey }}
{{- end }}
{{- if and $values.config.scriptTasks (has .part (list "api" "worker")) }}
- name: SCRIPT_TASKS
  value: {{ toJson $values.config.scriptTasks | quote }}
{{- end }}
{{- if has .part (list "api" "worker") }}
{{- with $values.config.secretflowPython }}
- name: SECRETFLOW_PYTHON
  value: {{ . | quote }}
{{- end }}
{{- with $values.config.secretflowComponentsPython }}
- name: SECRETFLOW_COMPONENTS_PYTHON
  value: {{ . | quote }}
{{- end }}
{{- with $values.config.secretflowComponents }}
- name: SECRETFLOW_COMPONENTS
  value: {{ join "," . | quote }}
{{- end }}
{{- if and $values.celery.existingSecret (eq .part "worker") (not .isForSites) }}
- name: CELERY_QUEUE
  value: {{ $values.celery.queue | quote }}
- name: REMOTE_SLOTS
  value: {{ $values.celery.remoteSlots | quote }}
{{- with $values.celery.dataRoot }}
- name: CELERY_DATA_ROOT
  value: {{ . | quote }}
{{- end }}
{{- end }}
{{- if and $values.kuscia.api (not .isForSites) }}
- name: KUSCIA_API
  value: {{ toJson $values.kuscia.api | quote }}
{{- end }}
{{- if and (ne $values.config.engineDefault "native") (not .isForSites) }}
- name: ENGINE_DEFAULT
  value: {{ $values.config.engineDefault }}
{{- end }}
{{- end }}
{{- if $values.extraCa.existingConfigMap }}
- name: NODE_EXTRA_CA_CERTS
  value: /etc/task-chain-ca/{{ $values.extraCa.key }}
{{- end }}
{{- with $values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* A pod's own security: that of Pod Security Standards, "restricted". */}}
{{- define "tc.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "tc.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{/* Of .part: what is the same in every pod, but for its containers. */}}
{{- define "tc.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  {{- include "tc.podSecurity" . | nindent 2 }}
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with .nodeSelector | default .root.Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations | default .root.Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
volumes:
  - name: tmp
    emptyDir: {}
  {{- range $name := include "tc.volumesOf" . | splitList " " | compact }}
  - name: {{ $name }}
    {{- with (index $.root.Values.storage $name).existingClaim }}
    persistentVolumeClaim:
      claimName: {{ . }}
    {{- else }}
    emptyDir: {}
    {{- end }}
  {{- end }}
  # They belong to root: user 10001 reads them by the pod's group.
  - name: secrets
    projected:
      defaultMode: 288 # 0440
      sources:
        {{- range include "tc.secrets" . | fromYamlArray }}
        - secret:
            name: {{ index . 1 | quote }}
            items:
              - key: {{ index . 2 | quote }}
                path: {{ first . }}
        {{- end }}
  {{- if and .root.Values.kuscia.existingSecret (eq .part "worker") (not .isForSites) }}
  - name: kuscia
    secret:
      secretName: {{ .root.Values.kuscia.existingSecret }}
      defaultMode: 288 # 0440
  {{- end }}
  {{- with .root.Values.extraCa.existingConfigMap }}
  - name: ca
    configMap:
      name: {{ . }}
  {{- end }}
{{- end }}

{{/* Of .part: workers alone open tables, the API reads artifacts, the listener removes those that are too old. */}}
{{- define "tc.volumesOf" -}}
{{- if eq .part "worker" }}tables artifacts{{ else if ne .part "migrate" }}artifacts{{ end -}}
{{- end }}

{{- define "tc.mounts" -}}
- name: tmp
  mountPath: /tmp
{{- $part := .part }}
{{- range $name := include "tc.volumesOf" . | splitList " " | compact }}
- name: {{ $name }}
  mountPath: /data/{{ $name }}
  {{- if eq $part "api" }}
  readOnly: true
  {{- end }}
{{- end }}
- name: secrets
  mountPath: /etc/task-chain-secrets
  readOnly: true
{{- if and .root.Values.kuscia.existingSecret (eq .part "worker") (not .isForSites) }}
- name: kuscia
  mountPath: /etc/task-chain-kuscia
  readOnly: true
{{- end }}
{{- if .root.Values.extraCa.existingConfigMap }}
- name: ca
  mountPath: /etc/task-chain-ca
  readOnly: true
{{- end }}
{{- end }}

{{/* Started within 5 minutes; alive: a new process would not help; ready: it can do its work. */}}
{{- define "tc.probes" -}}
startupProbe:
  httpGet: { path: /health/live, port: http }
  periodSeconds: 5
  failureThreshold: 60
livenessProbe:
  httpGet: { path: /health/live, port: http }
  periodSeconds: 10
  timeoutSeconds: 3
  failureThreshold: 3
readinessProbe:
  httpGet: { path: /health/ready, port: http }
  periodSeconds: 5
  timeoutSeconds: 3
  failureThreshold: 2
{{- end }}

{{/* Replicas stand on different nodes and in different zones where there are some. */}}
{{- define "tc.spread" -}}
{{- $labels := include "tc.selector" . -}}
topologySpreadConstraints:
  {{- range $key := list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
  - maxSkew: 1
    topologyKey: {{ $key }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- $labels | nindent 8 }}
  {{- end }}
{{- end }}

{{/* A deployment of (dict "root" "component" "part" "program" "port" "environment" "replicas" "resources" "grace" "surge" ["drain" "nodeSelector" "tolerations" "isForSites"]). */}}
{{- define "tc.deployment" -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "tc.name" .root }}-{{ .component }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "tc.labels" . | nindent 4 }}
spec:
  {{- if ne (toString .replicas) "" }}
  replicas: {{ .replicas }}
  {{- end }}
  revisionHistoryLimit: 3
  strategy:
    rollingUpdate:
      maxUnavailable: 0
      maxSurge: 1
  selector:
    matchLabels:
      {{- include "tc.selector" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "tc.labels" . | nindent 8 }}
      {{- with .root.Values.podAnnotations }}
      annotations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    spec:
      terminationGracePeriodSeconds: {{ .grace }}
      {{- include "tc.spread" . | nindent 6 }}
      {{- include "tc.pod" . | nindent 6 }}
      containers:
        - name: {{ .program }}
          image: {{ include "tc.image" .root }}
          imagePullPolicy: {{ .root.Values.image.pullPolicy }}
          args: [{{ .program }}]
          securityContext:
            {{- include "tc.containerSecurity" . | nindent 12 }}
          ports:
            - name: http
              containerPort: {{ .port }}
            {{- if .isForSites }}
            - name: nodes
              containerPort: 7444
            {{- end }}
          env:
            {{- include "tc.environment" . | nindent 12 }}
            {{- with .environment }}
            {{- . | nindent 12 }}
            {{- end }}
          {{- include "tc.probes" . | nindent 10 }}
          {{- with .preStop }}
          # Until no one sends requests here any more: an endpoint is removed while the pod is already ending.
          lifecycle:
            preStop:
              exec:
                command: [sleep, {{ . | quote }}]
          {{- end }}
          resources:
            {{- toYaml .resources | nindent 12 }}
          volumeMounts:
            {{- include "tc.mounts" . | nindent 12 }}
{{- end }}

{{- define "tc.pdb" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "tc.name" .root }}-{{ .component }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "tc.labels" . | nindent 4 }}
spec:
  maxUnavailable: 1
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "tc.selector" . | nindent 6 }}
{{- end }}

{{/* The service by which an app is reached: the API by its callers, the others by Prometheus. */}}
{{- define "tc.service" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "tc.name" .root }}-{{ .component }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "tc.labels" . | nindent 4 }}
spec:
  {{- if .headless }}
  clusterIP: None
  {{- end }}
  selector:
    {{- include "tc.selector" . | nindent 4 }}
  ports:
    - name: http
      port: {{ .port }}
      targetPort: http
{{- end }}

{{/* TCP ports of a network policy. */}}
{{- define "tc.ports" -}}
{{- range . }}
- protocol: TCP
  port: {{ . }}
{{- end }}
{{- end }}
