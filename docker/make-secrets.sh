#!/bin/sh
# Makes docker/secrets, the files that docker/compose.yml mounts: of what docker/.env sets, the rest at random. A folder that is there stays.
set -eu
cd "$(dirname "$0")"
if [ -e secrets ]; then
  echo 'docker/secrets is there already, and stays as it is'
  exit 0
fi
if [ -f .env ]; then . ./.env; fi

random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
file() { printf '%s\n' "$2" >"secrets.new/$1" && chmod 444 "secrets.new/$1"; }
url() { file "$1" "postgres://$2:$3@postgres:5432/task_chain"; }

: "${POSTGRES_PASSWORD:=$(random)}" "${API_DATABASE_PASSWORD:=$(random)}" "${LISTENER_DATABASE_PASSWORD:=$(random)}"
: "${WORKER_DATABASE_PASSWORD:=$(random)}" "${REDIS_PASSWORD:=$(random)}" "${GRAFANA_PASSWORD:=$(random)}" "${ADMIN_API_KEY:=$(random)}"
for password in "$POSTGRES_PASSWORD" "$API_DATABASE_PASSWORD" "$LISTENER_DATABASE_PASSWORD" "$WORKER_DATABASE_PASSWORD" "$REDIS_PASSWORD"; do
  case $password in
    *[!A-Za-z0-9]*) echo 'docker/.env: write passwords in letters and digits alone: they stand in URLs' >&2 && exit 1 ;;
  esac
done

rm -rf secrets.new
# You alone may enter the folder; the users of the containers, to whom single files are mounted, may read those.
mkdir -m 700 secrets.new
file postgres-password "$POSTGRES_PASSWORD"
url owner-url task_chain "$POSTGRES_PASSWORD"
url api-url chain_api "$API_DATABASE_PASSWORD"
url listener-url chain_listener "$LISTENER_DATABASE_PASSWORD"
url worker-url chain_worker "$WORKER_DATABASE_PASSWORD"
file valkey.conf "requirepass $REDIS_PASSWORD"
file redis-url "redis://:$REDIS_PASSWORD@valkey:6379"
file grafana-password "$GRAFANA_PASSWORD"
file admin-api-key "$ADMIN_API_KEY"
file secrets-key "${SECRETS_KEY:-}"
file secrets-key-previous "${SECRETS_KEY_PREVIOUS:-}"
mv secrets.new secrets
echo 'made docker/secrets; the admin key of the API is in docker/secrets/admin-api-key'
