#!/bin/sh
# The init of one docker machine: PID 1 of namespaces of its own (net, uts, mount, pid), started by docker-machines.ts.
#
# Its stdin is a pipe that the lab holds. When the lab ends, however it ends, the pipe closes, this init ends, and with it the
# kernel ends everything in the pid namespace: dockerd, containerd, shims, containers. Mounts and links go with their namespaces.
set -eu

scratch=$1   # an empty folder of the host to mount on; the host never sees the mount
address=$2   # 10.77.0.11
gateway=$3   # 10.77.0.1: also where AWS is
hidden=$4    # 1: docker is not installed yet, user data will do it after $5 seconds; never: it will not
delay=$5
cgroup=$6    # /skep-lab-...: the parent of all containers' control groups
image=$7     # a tar with the root of skep/idle:1
swarm=$8    # a folder to begin with as /var/lib/docker/swarm, as an image of another machine has it; or empty
name=$9     # its hostname; empty for one that is made from its address
agent=${10}    # a folder of the host with an SSM agent in it; or empty
runtime=${11}  # a program of the host that runs that agent; or empty
tools='/usr/bin/docker /usr/local/bin/docker'

# --- A private root: the host's, copy on write. What documents, docker or a user's experiments write ends with the instance.
mount -t tmpfs -o mode=0755 skep-instance "$scratch"
mkdir "$scratch/upper" "$scratch/work" "$scratch/root"
mkdir -p "$scratch/upper/usr/local/bin" "$scratch/upper/usr/bin"
if [ "$hidden" != 0 ]; then
  for tool in $tools; do
    # A whiteout: how overlayfs says that a lower file was deleted.
    if [ -e "$tool" ]; then mknod "$scratch/upper$tool" c 0 0; fi
  done
fi
mount -t overlay -o "lowerdir=/,upperdir=$scratch/upper,workdir=$scratch/work" skep-instance "$scratch/root"
cd "$scratch/root"
mkdir -p var/lib/docker
mount -t proc proc proc
mount -t sysfs sysfs sys
mount --rbind /sys/fs/cgroup sys/fs/cgroup
mount --rbind /dev dev
mount -t tmpfs -o mode=1777 skep-instance dev/shm
mount -t tmpfs -o mode=0755 skep-instance run
mount -t tmpfs -o mode=1777 skep-instance tmp
# Not in the overlay: docker's own overlays cannot have their upper layer on one.
mount -t tmpfs -o mode=0711 skep-instance var/lib/docker
# While its owner writes to it: an image of a running instance is no other.
if [ -n "$swarm" ]; then cp -a "$swarm" var/lib/docker/swarm; fi
mkdir -p run/lock run/lab/host
mount --bind -o ro / run/lab/host
cp "$image" run/lab/image.tar
# They may lie on other file systems of the host, which this root has not.
if [ -n "$agent" ]; then mkdir run/lab/agent && mount --bind -o ro "$agent" run/lab/agent; fi
if [ -n "$runtime" ]; then : >run/lab/node && mount --bind -o ro "$runtime" run/lab/node; fi
pivot_root . .
umount -l .
cd /

if [ -z "$name" ]; then name="ip-$(printf '%s' "$address" | tr . -)"; fi
hostname "$name"
printf '127.0.0.1 localhost\n%s %s\n' "$address" "$name" >/etc/hosts
: >/etc/resolv.conf
# Scripts ask cloud-init whether the machine is made ready. Ours is: as soon as its user data would have run.
cat >/usr/bin/cloud-init <<'END'
#!/bin/sh
if [ "${1:-}" != status ]; then exit 2; fi
if [ "${2:-}" = --wait ]; then while [ ! -e /run/lab/user-data-done ]; do sleep 0.2; done; fi
if [ -e /run/lab/user-data-done ]; then echo 'status: done'; else echo 'status: running'; fi
END
chmod 0755 /usr/bin/cloud-init
# There is no systemd here. What stops Docker for good on a real machine, as far as documents ask for it: of the units of Docker.
cat >/usr/bin/systemctl <<'END'
#!/bin/sh
runs() { [ -e /run/lab/engine.pid ] && kill -0 "$(cat /run/lab/engine.pid)" 2>/dev/null; }
case "$1 ${2:-}" in
'stop docker.service')
  touch /run/lab/engine-down
  if runs; then kill "$(cat /run/lab/engine.pid)"; fi
  while runs; do sleep 0.2; done
  ;;
'stop docker.socket') ;;
'disable docker.service' | 'disable docker.socket') touch "/run/lab/disabled-$2" ;;
'mask docker.service' | 'mask docker.socket') touch "/run/lab/masked-$2" ;;
'is-active docker.service') if runs; then echo active; else echo inactive; exit 3; fi ;;
'is-active docker.socket') echo inactive; exit 3 ;;
'is-enabled docker.service' | 'is-enabled docker.socket')
  if [ -e "/run/lab/masked-$2" ]; then echo masked; exit 1; fi
  if [ -e "/run/lab/disabled-$2" ]; then echo disabled; exit 1; else echo enabled; fi
  ;;
*) echo "systemctl of the lab does not know: $*" >&2; exit 1 ;;
esac
END
chmod 0755 /usr/bin/systemctl

echo born
# The lab puts eth0 into this network namespace, then says so.
read -r _ || exit 0
ip link set lo up
ip address add "$address/24" dev eth0
ip link set eth0 up
ip route add 169.254.169.254/32 dev eth0
ip route add default via "$gateway"
echo up

wait_for_docker() {
  until curl --silent --fail --max-time 5 --output /dev/null --unix-socket /run/lab/docker.sock http://docker/_ping; do
    sleep 0.1
  done
}

start_docker() {
  # The image comes before the socket appears where everybody looks: a node that joins at once must not reject its first task.
  wait_for_docker
  timeout 60 docker --host unix:///run/lab/docker.sock import --change 'ENV PATH=/bin' /run/lab/image.tar skep/idle:1
  ln -s /run/lab/docker.sock /run/docker.sock
}

user_data() {
  if [ "$hidden" = 0 ]; then touch /run/lab/user-data-done; fi
  if [ "$hidden" = never ]; then touch /run/lab/user-data-done; return; fi
  if [ "$hidden" = 1 ]; then
    sleep "$delay"
    for tool in $tools; do
      if [ -e "/run/lab/host$tool" ]; then ln -s "/run/lab/host$tool" "$tool"; fi
    done
  fi
  start_docker &
  touch /run/lab/user-data-done
  # Restarted when it dies, as systemd does it; unless the lab wants it dead.
  while :; do
    while [ -e /run/lab/engine-down ]; do sleep 0.1 || :; done
    dockerd --host unix:///run/lab/docker.sock --data-root /var/lib/docker --exec-root /run/docker --pidfile /run/docker.pid \
      --storage-driver overlay2 --exec-opt native.cgroupdriver=cgroupfs --cgroup-parent "$cgroup" --log-level warn &
    echo $! >/run/lab/engine.pid
    if [ -e /run/lab/engine-down ]; then kill -9 $!; fi
    wait $! || :
    sleep 1 || :
  done
}

user_data >/var/log/user-data.log 2>&1 </dev/null &
keep=$!
# A reboot ends all but these two.
exec 4<&0
cat <&4 >/dev/null &
echo "$keep $!" >/run/lab/keep
wait $!
