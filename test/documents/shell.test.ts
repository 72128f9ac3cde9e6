// No document uses data as words, as a path, as a program or as a number, but where this says why it may.
import { describe, expect, it } from '@jest/globals';

import { VERBS, loadDocument, scriptOf } from '../docker/support/documents.ts';
import type { Verb } from '../docker/support/documents.ts';
import { endingsInSubshells } from './shell/endings.ts';
import { misusesIn } from './shell/misuse.ts';
import type { Kind } from './shell/misuse.ts';

const IDS = 'ids that the engine makes, which have no blank and no sign in them: one word each';
const LISTED = 'a list that the pattern of its parameter lets through: letters, digits and ._:@+=- between commas';
const CHECKED = 'an id that the pattern of its parameter lets through';
const OWN_FOLDER = "the engine's own folder, which its root has set";
const METADATA = 'what instance metadata tells of itself: nobody but AWS answers there';

/** Each by the function that it stands in, and why it may be so. One that nothing needs any more fails. */
const ALLOWED: Readonly<Record<string, string>> = {
  'path check_own_epoch "$DOCKER_ROOT/swarm/raft"': OWN_FOLDER,
  'path read_certificate "$DOCKER_ROOT/swarm/certificates/swarm-node.crt"': OWN_FOLDER,
  'path is_given_up "$DOCKER_ROOT/swarm/raft"': OWN_FOLDER,
  'path reset "$DOCKER_ROOT/swarm/raft"': OWN_FOLDER,
  'path raft_time "$1/swarm/raft"': OWN_FOLDER,
  'path measured "$DOCKER_ROOT/volumes/$volume/_data"':
    'a name of letters, digits and signs that begin no option and lead out of no folder, by its pattern, in the folder of the engine',
  'path metadata "http://169.254.169.254/latest/$1"': METADATA,
  'path open_parameters "meta-data/iam/security-credentials/$role"': METADATA,
  'path networks "meta-data/network/interfaces/macs/$card/vpc-ipv4-cidr-blocks"': METADATA,
  'path api "http://docker$2"': 'each path that it is given is looked at where it is written',
  'path read_join_token "{\\"Name\\":\\"/skep/$SSM_stage/$SSM_cluster/join-token/$SSM_role\\",\\"WithDecryption\\":true}"':
    'stage, cluster and role, whose patterns let no slash through',
  'path put_in_order "https://$address/"': LISTED,
  'path write_node "/nodes/$FOUND_ID/update?version=$FOUND_VERSION"':
    'the engine has told both, and the id is the very one that was asked for',
  'path read_history "/configs/skep-shift-$1"': CHECKED,
  'path note_phase "/configs/$KEPT_ID/update?version=$KEPT_VERSION"':
    'the engine has told both, of what it makes itself',
  'path read_service "/services/$1"': CHECKED,
  'path write_service "/services/$1/update?version=$2&registryAuthFrom=spec"':
    'the id is checked, and the engine has told the version: read_service has seen that it begins with a digit',
  'program inspect_all "$2"': 'one of the two templates in services.sh, which are text of the script',
  'number more $((replicas + 1))':
    'replicas_of prints what is_small has checked, or nothing, which is asked for before',
  'number fewer $((replicas + 1))': 'of a mark that is_mark has checked: no octal number, nine digits at most',
  "word put_in_order $(printf '%s' \"$1\" | tr ',' ' ')": LISTED,
  "word pause_together $(printf '%s' \"$1\" | tr , ' ')": LISTED,
  'word pause_together $together_ids': LISTED,
  'word attempt $addresses': LISTED,
  "word update_node $(printf '%s' \"$2\" | tr , ' ')": LISTED,
  "word exclude $(printf '%s' \"$3\" | tr + ' ')": LISTED,
  "word - $(printf '%s' \"$SSM_changes\" | tr , ' ')": LISTED,
  "word - $(printf '%s' \"$SSM_restore\" | tr , ' ')": LISTED,
  "word - $(printf '%s' \"$SSM_label\" | tr , ' ')": LISTED,
  'word managers_told $told_ids': IDS,
  'word find_node $node_ids': IDS,
  'word find_member $MEMBERS': IDS,
  'word check_quorum $MEMBERS': IDS,
  'word leaving_together $together': IDS,
  'word remove_others $old_managers': IDS,
  'word still_down $down_ids': IDS,
  'word - $DOWN': IDS,
};

/** Parameters whose patterns let nothing but digits through. */
const numbersOf = (verb: Verb): ReadonlySet<string> =>
  new Set(
    Object.entries(loadDocument(verb).parameters)
      .filter(([, { allowedPattern }]) => /^\^\(?[0-9|[\]{},()-]+\)?\$$/.test(allowedPattern))
      .map(([name]) => name),
  );
const found = (verb: Verb): string[] =>
  misusesIn(scriptOf(verb), numbersOf(verb)).map(({ kind, within, text }) => `${kind} ${within} ${text}`);

describe('the scripts', () => {
  it.each(VERBS)('of %s use no data as words, path, program or number, but where it is said why', (verb) => {
    expect(found(verb).filter((one) => !Object.hasOwn(ALLOWED, one))).toEqual([]);
  });

  it.each(VERBS)('of %s end in no shell of its own, whose end would not be theirs', (verb) => {
    expect(endingsInSubshells(scriptOf(verb))).toEqual([]);
  });

  it('need each exception that there is', () => {
    const needed = new Set(VERBS.flatMap(found));
    expect(Object.keys(ALLOWED).filter((one) => !needed.has(one))).toEqual([]);
  });
});

describe('an end in a shell of its own', () => {
  /** As common.sh has them. */
  const common = 'fail() { echo x; exit 1; }; broken() { fail; }; harmless() { echo "$(date)"; }';

  it.each([
    ['- fail', 'told=$(fail)'],
    ['- broken', 'told="a $(broken) b"'],
    ['- broken', 'if [ -n "$(harmless; broken)" ]; then echo; fi'],
    ['f broken', 'f() { echo x | broken; }'],
    ['f broken', 'f() { broken | sort; }'],
    ['- f', 'f() { if harmless; then broken; fi; }; told=$(f)'],
    ['- exit', '( exit 2 )'],
    ['- broken', 'while harmless; do told=$(if true; then broken; fi); done'],
  ])('is found: %s in %s', (told, mistake) => {
    expect(endingsInSubshells(`${common}\n${mistake}\n`)).toContain(told);
  });

  it.each([
    'if ! told=$(harmless); then fail; fi',
    'f() { told=$(harmless) || fail; }; f',
    'trap "fail" EXIT; broken',
    "awk '{ exit 1 }' file | sort",
    'told=$(g() { fail; }; harmless)',
  ])('is none: %s', (right) => {
    expect(endingsInSubshells(`${common}\n${right}\n`)).toEqual([]);
  });
});

describe('a mistake', () => {
  /** What comes before it: a name that the managers have told, as a document would read it. */
  const read = 'name=$(docker node inspect --format x "$1")';

  it.each<[Kind, string]>([
    ['word', 'docker service rm $name'],
    ['word', 'rm -f ${name}'],
    ['word', 'for one in $name; do echo "$one"; done'],
    ['word', 'for one in $(docker node ls); do echo "$one"; done'],
    ['word', 'case "$2" in $name) echo yes ;; esac'],
    ['word', 'echo "${2##*$name}"'],
    ['word', 'echo x >$name'],
    ['word', '[ -n $name ]'],
    ['word', 'echo "a"$name"b"'],
    ['word', 'echo "$(echo $name)"'],
    ['word', 'f() { echo $1; }; f "$name"'],
    ['word', 'echo x | { cat; echo $name; } # "'],
    ['path', 'cat "/run/skep/$name"'],
    ['path', 'cat "$name"'],
    ['path', 'echo x >"$WORK/$name"'],
    ['path', '[ -e "$name" ]'],
    ['path', 'folder=/run/$name; rm -rf "$folder/x"'],
    ['path', 'f() { rm -rf "/run/$1"; }; f a; f "$name"'],
    ['path', 'curl "http://docker/services/$name"'],
    ['path', 'WORK=$name; rm -rf "$WORK"'],
    ['program', 'sed "s/a/$name/" file'],
    ['program', 'sed -n -e p -e "s/a/$name/" file'],
    ['program', 'sed "$(printf "s/a/%s/" "$name")" file'],
    ['program', 'printf x | timeout 5 awk -v a=b "/$name/ { print }"'],
    ['program', "awk '{ print '\"$name\"' }'"],
    ['program', 'program="/$name/"; awk "$program" file'],
    ['program', 'f() { awk "$1"; }; f "{ print }"; f "$name"'],
    ['program', 'eval "echo $name"'],
    ['program', 'sh -c "echo $name"'],
    ['program', 'printf x | xargs sh -c "$name"'],
    ['program', 'trap "rm $name" EXIT'],
    ['program', 'printf "$name"'],
    ['program', 'docker node ls --format "$name"'],
    ['program', '. "$name"'],
    ['number', 'echo "$((name + 1))"'],
    ['number', 'echo "$(( $name + 1 ))"'],
    ['number', 'echo $(( ${name} * 2 ))'],
    ['number', 'count=1; count=$name; echo "$((count + 1))"'],
    ['number', 'read count; echo "$((count))"'],
    ['number', 'f() { echo "$(($1 + 1))"; }; f 2; f "$name"'],
    ['number', 'echo "$(( $(cat file) + 1 ))"'],
    ['number', 'count=08; echo "$((count))"'],
    ['number', 'echo "$((a[$name]))"'],
    ['number', 'until=$(docker ps | grep -c .); until="$until$name"; echo "$((until))"'],
    ['syntax', 'if [ x ]; then echo'],
  ])('of the kind "%s" is found: %s', (kind, mistake) => {
    expect(misusesIn(`${read}\n${mistake}\n`).map((one) => one.kind)).toContain(kind);
  });

  it.each([
    'docker service rm "$name"',
    "printf '%s' \"$name\" | sed 's/a/b/'",
    'awk -v name="$name" \'{ print name $1 }\' file',
    "cat <<'END'\n$((name)) $name `name`\nEND",
    'cat <<END\n$name\nEND',
    'case $name in a*) echo "$((1 + 2))" ;; esac',
    'copy=$name; copy="$copy x"',
    "# $((name)) `eval $name`\necho '$name'",
    'WORK=$(mktemp -d /run/skep/work.XXXXXX); cat "$WORK/file"',
    'count=0; while [ "$count" != 3 ]; do count=$((count + 1)); done',
    'echo "${name#*=}" "${name%%=*}" "${#name}" $#',
    'f() { awk "$1"; }; f "{ print }"',
    'echo "no $name and/or so"',
  ])('is none: %s', (right) => {
    expect(misusesIn(`${read}\n${right}\n`)).toEqual([]);
  });

  it('is none in arithmetic with a parameter whose pattern lets digits through only, and one with any other', () => {
    const script = 'if [ -z "${SSM_offset+x}" ]; then SSM_offset=\'{{ offset }}\'; fi\necho "$((SSM_offset + 1))"';
    expect(misusesIn(script, new Set(['offset']))).toEqual([]);
    expect(misusesIn(script).map(({ kind }) => kind)).toEqual(['number']);
  });
});
