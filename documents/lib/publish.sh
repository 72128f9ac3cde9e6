# How a manager writes the join tokens of its swarm to Parameter Store. Comes after common.sh, machine.sh and tokens.sh.

publish() { # ROLE TOKEN
  body=$(printf '{"Name":"/skep/%s/%s/join-token/%s","Value":"%s","Type":"SecureString","KeyId":"%s","Overwrite":true}' \
    "$SSM_stage" "$SSM_cluster" "$1" "$2" "$SSM_tokenKey")
  if ! parameters PutParameter "$body"; then fail 38 JoinTokenUnpublished "$PROBLEM"; fi
  body=''
}

publish_tokens() {
  read_tokens
  publish worker "$worker_token"
  publish manager "$manager_token"
}
