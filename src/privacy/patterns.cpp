// SPDX-License-Identifier: MIT
#include "privacy/patterns.hpp"

#include <array>

namespace ktstr {
namespace {

constexpr unsigned k_free = bit_of(TextKind::free);
constexpr unsigned k_commit = bit_of(TextKind::commit);
constexpr unsigned k_cgroup = bit_of(TextKind::cgroup);
constexpr unsigned k_version = bit_of(TextKind::version);
constexpr unsigned k_all = k_free | bit_of(TextKind::identity) | k_version | k_commit | k_cgroup;

// What only its shape makes private may be known to be something else. A secret, a machine and a
// boot line are marked by what stands before them: no shape takes that back.
constexpr unsigned k_keep_shapes =
    bit_of(PrivateKind::path) | bit_of(PrivateKind::address) | bit_of(PrivateKind::id);
constexpr unsigned k_keep_all = k_keep_shapes | bit_of(PrivateKind::host) |
                                bit_of(PrivateKind::secret) | bit_of(PrivateKind::boot_line);

struct Definition {
  std::string_view name;
  std::string_view regex;
};

// Each pattern decides within a bounded number of bytes behind what it takes, so that finding many
// is linear, too: a part that may still fail has a bounded repetition or takes what it reads.
constexpr Definition k_definitions[] = {
    // However a text in a text writes it.
    {"{slash}", R"re((?:\\{0,8}/|\\{1,8}u002[fF]|%(?:25)?2[fF]))re"},
    {"{part}", R"re((?:[^\s"'`<>|:/\\%]|%[013-9A-Fa-f]|%2[0-9A-Ea-e]))re"},
    // The rest of a path: a colon goes on with it unless a line number or another path follows;
    // punctuation of the sentence at its end doesn't belong to it.
    {"{rest}", R"re((?:[^\s"'`<>|:]|:[^\s"'`<>|0-9:/\\])*[^\s"'`<>|:.,;!?)\]}\\])re"},
    // A word behind a space that goes on with it, as far as can be told.
    {"{spaced}", R"re((?: [^\s"'`<>|:=/\\]{1,64}/{rest})*)re"},
    {"{spaced3}", R"re((?:(?: [^\s"'`<>|:=/\\]{1,64}){1,3}/{rest})*)re"},
    {"{first}", R"re([A-Za-z0-9_.@$+~\x80-\xff-]{part}*)re"},
    // Not in the middle of a relative path.
    {"{start}", R"re((?:^|[^A-Za-z0-9.~*/\\)\]}]))re"},
    {"{personal}",
     "(?:home|root|Users|nix|mnt|opt|tmp|usr|var|srv|scratch|workspace|export|media|builds)"},
    {"{known}",
     "(?:home|root|Users|nix|mnt|opt|tmp|usr|var|srv|scratch|workspace|export|media|builds|bin|"
     "boot|build|data|dev|etc|gnu|lib|lib64|proc|run|sbin|shared|snap|storage|sys)"},
    {"{octet}", "0{0,2}(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"},
    {"{h}", "[0-9A-Fa-f]{1,4}"},
    {"{value}", R"re([^\s"'<>,;&\\])re"},
    // A secret may hold anything; a quote within it stands before a letter or digit.
    {"{sv}", R"re((?:[^\s"'\\]|\\{1,8}[^\s"'\\]|\\{1,8} |["'][A-Za-z0-9]))re"},
    {"{eq}", R"re(\s{0,3}(?::=|=>|==?|:)\s{0,3})re"},
    {"{is}", R"re(\\{0,4}["']?{eq}\\{0,4}["']?)re"},
    // Words of texts and of keys alike.
    {"{password}", "(?:pass[-_ ]?(?:word|wd|phrase|code)|pwd)"},
    {"{token}",
     "(?:secret|token|credential|(?:api|access|account|private|session|signing|encryption|master|"
     "license|storage|ssh|gpg|auth)[-_ ]?key)"},
    {"{idword}",
     "(?:(?:machine|host|boot|disk|hardware|chassis|instance)[-_ ]?id|(?:service|asset)[-_ ]?tag)"},
    {"{serial}", "(?:serial(?:[-_ ]?(?:number|num|no))?)"},
    {"{hostword}",
     "(?:(?:host|node|computer|machine|domain)[-_ ]?name|(?:ssh|remote|target|peer|build|guest)"
     "[-_ ]?host)"},
};

using Kind = PrivateKind;

constexpr PrivatePattern k_patterns[] = {
    // What is never private, whatever it looks like.
    {Kind::path, k_all, "(<(?:path|address|id|host|secret)(?:-[0-9a-f]{8})?(?: [0-9]{1,6})?>)",
     Check::none, k_keep_all},
    {Kind::path, k_all, "(<path(?:-[0-9a-f]{8})?(?: [0-9]{1,6})?>/[A-Za-z0-9_.-]+)", Check::none,
     bit_of(Kind::path)},
    {Kind::path, k_all,
     "([A-Za-z_][A-Za-z0-9_.]{0,255}@{1,2}(?:plt|got|Base|(?:GLIBC|GLIBCXX|CXXABI|GCC|LIB[A-Z]+)_"
     "[0-9.]+))",
     Check::none, k_keep_shapes},
    {Kind::path, k_all, "(0[xX][0-9A-Fa-f]{1,16})(?:[^0-9A-Fa-f]|$)", Check::none, k_keep_shapes},
    {Kind::path, k_all, "([-_.+]g[0-9a-f]{7,40})", Check::none, k_keep_shapes},
    // Four numbers that are marked as a version.
    {Kind::address, k_all, R"re((?:^|[^A-Za-z0-9.])([vV][0-9](?:\.{octet}){3})(?:[^0-9.]|$))re",
     Check::none, bit_of(Kind::address)},
    {Kind::address, k_all,
     R"re((?:^|[^A-Za-z0-9_.-])([0-9](?:\.{octet}){3}(?:\+|-(?:generic|lowlatency|default|rc[0-9]|)re"
     R"re(rt[0-9]|azure|aws|gcp|oracle|amd64|arm64|arch[0-9]|g[0-9a-f]{7}))))re",
     Check::none, bit_of(Kind::address)},
    // A run directory: the kernel, then the project's commit.
    {Kind::address, k_all, R"re(^([0-9](?:\.{octet}){3}-(?:[0-9a-f]{7,40}|unknown)(?:-dirty)?)$)re",
     Check::none, bit_of(Kind::address)},
    {Kind::path, k_all,
     R"re(((?i:commit|fixes|revision|sha1?|tree|parent)[ :=]{1,3}"?[0-9a-f]{7,40}))re", Check::none,
     k_keep_shapes},

    // Lines that a kernel was booted with, wherever they are repeated.
    {Kind::boot_line, k_all, R"re([Cc]ommand line: ?([^\r\n]+))re"},
    {Kind::boot_line, k_all, R"re((BOOT_IMAGE=[^\r\n]*))re"},

    // Secrets.
    {Kind::secret, k_all,
     "(-----BEGIN [A-Z0-9 ]{1,60}-----(?:[^-]|-[^-])*(?:-----END [A-Z0-9 ]{1,60}-----)?)"},
    {Kind::secret, k_all,
     "((?:gh[pousr]_|github_pat_|glpat-|npm_|hf_|pypi-|dop_v1_|xox[abeprs]-|ya29\\.|AIza|"
     "[rs]k_(?:live|test)_|sk-|SG\\.|AGE-SECRET-KEY-1|shpat_|dckr_pat_|tskey-|hv[sbr]\\.|glsa_|"
     "xapp-|lin_api_)[A-Za-z0-9_.-]{16,})"},
    {Kind::secret, k_all, "(dapi[0-9a-f]{32}(?:-[0-9])?)"},
    {Kind::secret, k_all, "((?:A3T|AKIA|ASIA|AGPA|AIDA|AROA|ANPA|ANVA|ABIA|ACCA)[A-Z0-9]{16})"},
    {Kind::secret, k_all, "(eyJ[A-Za-z0-9_-]{8,}\\.[A-Za-z0-9_-]{4,}(?:\\.[A-Za-z0-9_-]*)?)"},
    {Kind::secret, k_all, R"re((?i:bearer)\s{1,3}([A-Za-z0-9_.~+/=-]{6,}))re"},
    {Kind::secret, k_all,
     R"re((?i:authorization){is}(?:(?i:Basic|Digest|Token|Bearer|Negotiate) )?({sv}{4,}))re",
     Check::named},
    {Kind::secret, k_all, R"re((?i:cookie2?){is}([^\s"'][^\r\n"']*))re", Check::unredacted},
    {Kind::secret, k_all,
     "((?:ssh-(?:rsa|dss|ed25519)|ecdsa-sha2-[a-z0-9-]{1,32}) AAAA[A-Za-z0-9+/=]+)"},
    {Kind::secret, k_all, "(SHA256:[A-Za-z0-9+/]{43}=?)"},
    // In quotes, to their end.
    {Kind::secret, k_all,
     R"re((?i:{password}|{token})[A-Za-z0-9_-]{0,20}\\{0,4}["']?{eq}"((?:[^"\\\r\n]|\\[^\r\n])+))re",
     Check::unredacted},
    {Kind::secret, k_all,
     R"re((?i:{password}|{token})[A-Za-z0-9_-]{0,20}\\{0,4}["']?{eq}'((?:[^'\\\r\n]|\\[^\r\n])+))re",
     Check::unredacted},
    {Kind::secret, k_all,
     R"re((?i:{password}|{token})[A-Za-z0-9_-]{0,20}\\{0,4}["']?{eq}\\{1,4}"([^"\\\r\n]+))re",
     Check::unredacted},
    {Kind::secret, k_all, R"re((?i:{password})[A-Za-z0-9_-]{0,20}{is}({sv}+))re",
     Check::unredacted},
    // A number of tokens is no secret.
    {Kind::secret, k_all,
     R"re((?i:{token})[A-Za-z0-9_-]{0,20}{is}([0-9.]*[^\s"'<>,;&\\0-9.]{sv}*|[0-9]{7,}{sv}*))re",
     Check::unredacted},
    {Kind::secret, k_all, R"re((?:^|[^A-Za-z0-9])(?i:pass|auth)=({sv}{3,}))re",
     Check::letter_digit},
    {Kind::secret, k_all, R"re(--(?i:{password}|{token}|pass)[ =]["']?({sv}+))re",
     Check::unredacted},
    {Kind::secret, k_all, R"re(sshpass -p ?["']?({sv}+))re", Check::unredacted},
    {Kind::secret, k_all, R"re((?:^|\s)-p ?["']?([A-Za-z0-9_.!@#$%^*+~]{6,}))re",
     Check::letter_digit},
    {Kind::secret, k_all, R"re((?:^|\s)(?:-u|--user)[ =]?["']?([A-Za-z_][^\s:"']{0,63}:{sv}+))re"},
    {Kind::secret, k_all,
     R"re([?&](?i:sig|signature|code|key|auth|x-amz-[a-z-]{1,24})=([^\s"'&<>]+))re"},
    {Kind::secret, k_all,
     R"re((?i:aws|secret|access|key)(?:[^\r\n]{0,40}[^A-Za-z0-9/+=\r\n])?([A-Za-z0-9/+]{40}))re"
     R"re((?:[^A-Za-z0-9/+=]|$))re",
     Check::mixed},

    // Paths, and where something is in a network, before what these are made of.
    {Kind::id, k_all, "({slash}dev{slash}disk{slash}by-{rest})"},
    {Kind::path, k_all, "((?i:file):{slash}{1,4}{rest}{spaced})"},
    {Kind::address, k_all,
     R"re(([A-Za-z][A-Za-z0-9+.-]{1,20}:{slash}{2}[^\s"'`<>|]*[^\s"'`<>|.,;:!?)\]}]))re"},
    {Kind::path, k_all,
     R"re((?:^|[^A-Za-z])([A-Za-z]:(?:\\{1,8}|/{1,2})(?:[^\s"'`<>|:*?\\/]+)re"
     R"re((?: [^\s"'`<>|:*?\\/]{1,64}){0,3}(?:\\{1,8}|/))*[^\s"'`<>|:*?\\/]*)re"
     R"re([^\s"'`<>|:*?\\/.,;!)\]}]))re"},
    {Kind::path, k_all,
     R"re((\\{2,16}[A-Za-z0-9_.?$-]+(?:\\{1,16}[^\s"'`<>|*\\]*[^\s"'`<>|*\\.,;:!?)\]}])+)re"
     R"re((?: [^\s"'`<>|:*?\\/]{1,64}\\[^\s"'`<>|*]*)*))re"},
    {Kind::path, k_all, R"re((%[A-Za-z]{3,32}%(?:\\{1,8}[^\s"'`<>|:*?\\]+)+))re"},
    {Kind::path, k_all & ~k_cgroup, "({slash}{1,8}{personal}{slash}{1,8}{rest}{spaced3})"},
    {Kind::path, k_all & ~k_cgroup,
     R"re((?:^|[\s"'=,;(])-{1,2}[A-Za-z][A-Za-z_-]{0,20}=?({slash}{1,8}{rest}{spaced}))re"},
    {Kind::path, k_all & ~k_cgroup, "{start}({slash}{1,8}{first}{slash}{1,8}{rest}{spaced})"},
    // Of a group's path, the last part can stay, so that groups can still be told apart.
    {Kind::path, k_cgroup,
     "(/sys/fs/cgroup(?:/{part}+)*)/(?:[a-ln-rtv-zA-Z0-9_]|s[a-df-z0-9_]|m[b-z0-9_]|u[a-rt-z0-9_])"
     "[A-Za-z0-9_-]*$"},
    {Kind::path, k_cgroup, "({slash}{1,8}{known}{slash}{1,8}{rest}{spaced})"},
    {Kind::path, k_all & ~k_cgroup,
     R"re((?:^|[^A-Za-z0-9_~])(~[A-Za-z0-9_-]{0,32}{slash}{rest}{spaced}))re"},
    {Kind::path, k_free, R"re((?:^|[^A-Za-z0-9_~])(~[A-Za-z][A-Za-z0-9_-]{0,31}))re"},
    // One part alone may be a unit ("/s") or a control group ("/cg_0").
    {Kind::path, k_free, "{start}(/{known})(?:[^A-Za-z0-9_/.-]|$)"},
    {Kind::path, k_free,
     "{start}(/(?:[abd-zA-Z0-9_][A-Za-z0-9_.-]|c[a-fh-z0-9_])[A-Za-z0-9_.-]*[A-Za-z0-9_])"},

    // Addresses.
    {Kind::address, k_all,
     R"re((?:^|[^A-Za-z0-9_])(?i:ip|nameserver|netconsole|nfsroot|ifname|bootif)=)re"
     R"re(([^\s"'<>;]*[.:][^\s"'<>;]*))re"},
    {Kind::address, k_all,
     R"re(([A-Za-z0-9_.%+\x80-\xff-]{1,64}@(?:[A-Za-z]|[0-9][A-Za-z0-9-]{0,62}\.[A-Za-z0-9]))re"
     R"re((?:[A-Za-z0-9-]|\.[A-Za-z0-9])*(?::[A-Za-z0-9_.~-]{0,64}/[^\s"'`<>|]*)re"
     R"re([^\s"'`<>|.,;:!?)\]}])?))re"},
    {Kind::address, k_all, "([0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5,31})"},
    {Kind::address, k_all, "([0-9A-Fa-f]{2}(?:-[0-9A-Fa-f]{2}){5,8})", Check::letter},
    {Kind::address, k_all,
     R"re((?:^|[^0-9A-Fa-f.])([0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4})(?:[^0-9A-Fa-f]|$))re",
     Check::letter_digit},
    {Kind::address, k_all & ~k_commit,
     "(?:^|[^0-9A-Fa-f])([0-9A-Fa-f]{12}|[0-9A-Fa-f]{6}-[0-9A-Fa-f]{6}|"
     "[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4})(?:[^0-9A-Fa-f-]|-[^0-9A-Fa-f]|-?$)",
     Check::varied_hex},
    {Kind::address, k_all,
     R"re((?:^|[^0-9A-Za-z_])((?:{h}(?::{h}){0,5})?::(?:{h}:){0,5}{octet}(?:\.{octet}){3}))re"},
    {Kind::address, k_all,
     R"re((?:^|[^0-9A-Za-z_])((?:{h}(?::{h}){0,6})?::(?:{h}(?::{h}){0,6})?)re"
     R"re((?:%[A-Za-z0-9_.\x80-\xff-]{1,16})?)(?:[^0-9A-Za-z]|$))re",
     Check::ipv6_short},
    // Behind and before letters, only what begins as addresses do.
    {Kind::address, k_all,
     "((?i:fe80|f[cd][0-9a-f]{2}|2[0-9a-f]{3})(?::{h}){0,6}::(?:{h}(?::{h}){0,6})?)"},
    {Kind::address, k_all, "({h}(?::{h}){7})", Check::ipv6_whole},
    // With a port, as a dump of packets writes it.
    {Kind::address, k_all, R"re((?:^|[^0-9.])({octet}(?:\.{octet}){3}\.[0-9]{1,5}) >)re"},
    {Kind::address, k_all, R"re(> ({octet}(?:\.{octet}){3}\.[0-9]{1,5})(?:[^0-9.]|$))re"},
    {Kind::address, k_all & ~k_version,
     R"re((?:^|[^0-9.]|[^0-9]\.)({octet}(?:\.{octet}){3})(?:[^0-9.]|\.[^0-9]|\.?$))re"},
    // Below 10 it could be a version there: 6.14.2.1.
    {Kind::address, k_version,
     R"re((?:^|[^0-9.]|[^0-9]\.)(0{0,2}(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9][0-9]))re"
     R"re((?:\.{octet}){3})(?:[^0-9.]|\.[^0-9]|\.?$))re"},
    // As a URL writes them.
    {Kind::address, k_all, "({octet}(?:%(?:25)?2[eE]{octet}){3})"},
    {Kind::address, k_all, "((?:{h})?(?:%(?:25)?3[aA]){1,2}{h}(?:%(?:25)?3[aA](?:{h})?){1,8})"},
    {Kind::address, k_all, "([A-Za-z0-9_.+-]{1,64}%(?:25)?40[A-Za-z][A-Za-z0-9.-]*)"},
    {Kind::address, k_all, R"re([ugUG]id=[0-9]{1,10}\(([A-Za-z_][^)\s<>]{0,63})\))re"},
    {Kind::address, k_all,
     R"re((?:for|by|as|of|invalid) user ([A-Za-z_][A-Za-z0-9_.-]{0,63})(?:[^A-Za-z0-9_.-]|$))re"},
    {Kind::address, k_all,
     R"re((?:^|[:;,(] ?)[Uu]ser ([A-Za-z_][A-Za-z0-9_.-]{0,63})(?:[,;)]|$))re", Check::named},
    {Kind::address, k_all,
     "(?:^|[^A-Za-z0-9])(?:user|username|login|USER|USERNAME|LOGNAME|SUDO_USER)="
     "([A-Za-z_][A-Za-z0-9_.-]*)"},

    // Ids of machines and disks.
    {Kind::id, k_all,
     "([0-9A-Fa-f]{8}[-_][0-9A-Fa-f]{4}[-_][0-9A-Fa-f]{4}[-_][0-9A-Fa-f]{4}[-_][0-9A-Fa-f]{12})"},
    {Kind::id, k_all, "(?:^|[^0-9A-Fa-f])([0-9A-Fa-f]{32})(?:[^0-9A-Fa-f]|$)", Check::letter_digit},
    {Kind::id, k_all, R"re(((?i:(?:part)?uuid|partlabel)=["']?[A-Za-z0-9_.:-]+))re"},
    {Kind::id, k_all, R"re((?:^|[\s=])(LABEL=[^\s"'<>]+))re"},
    {Kind::id, k_all,
     "(?:^|[^A-Za-z])((?i:wwn-|wwid-|wwid\\.|eui\\.|naa\\.|nvme-|ata-|scsi-|usb-|virtio-|dm-uuid-)"
     "(?:[A-Za-z0-9_.:-]{0,80}[0-9]){3}[A-Za-z0-9_.:-]{3,})"},
    {Kind::id, k_all, "(?i:{serial}|{idword})\\.?{is}([A-Za-z0-9_-]{0,40}[0-9][A-Za-z0-9_-]{3,})"},
    {Kind::id, k_all,
     R"re((?:^|[^A-Za-z0-9])S/?N[:=# ]\s{0,3}([A-Za-z0-9_-]{0,40}[0-9][A-Za-z0-9_-]{3,}))re"},

    // Machines that say their name.
    {Kind::host, k_all,
     "((?:[A-Za-z0-9][A-Za-z0-9-]{0,62}\\.){1,8}(?i:com|net|org|edu|gov|mil|arpa|internal|"
     "localdomain|intranet|corp|example))(?:[^A-Za-z0-9-]|$)"},
    {Kind::host, k_free,
     "((?:[A-Za-z0-9][A-Za-z0-9-]{0,62}\\.){2,8}(?i:io|cloud|local|lan|home|eu|de|uk|fr|cn|jp|ch|"
     "nl))(?:[^A-Za-z0-9-]|$)"},
    {Kind::host, k_all, "(ip-[0-9]{1,3}(?:-[0-9]{1,3}){3}(?:\\.[A-Za-z0-9-]+)*)"},
    {Kind::host, k_all, R"re(Linux ([A-Za-z0-9][A-Za-z0-9.-]*) [0-9]+\.[0-9]+)re", Check::named},
    {Kind::host, k_all,
     "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) {1,2}[0-9]{1,2} [0-9:]{8} "
     "([A-Za-z0-9][A-Za-z0-9_.-]*) "},
    {Kind::host, k_all,
     R"re([0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.,]{8,18}(?:Z|[+-][0-9:]{4,5})? )re"
     R"re(([A-Za-z0-9][A-Za-z0-9_.-]{0,62}) (?:kernel|systemd|sshd|sudo|su|login|CRON)[\[:])re",
     Check::named},
    {Kind::host, k_all, R"re((?:^|[\r\n])([A-Za-z0-9][A-Za-z0-9.-]{0,62}) login:)re", Check::named},
    // Without a sign between, only what looks like a machine's name.
    {Kind::host, k_all,
     R"re((?:^|[^A-Za-z0-9])(?:hostname|ssh|scp)(?: -[A-Za-z][^\s]{0,32}){0,4} )re"
     R"re(([A-Za-z][A-Za-z0-9.-]{0,62}))re",
     Check::letter_digit},
    {Kind::host, k_all, "(?i:{hostword}){is}([A-Za-z0-9][A-Za-z0-9_.-]*)"},
    {Kind::host, k_all, "(?:^|[^A-Za-z0-9_])(?i:host)=([A-Za-z0-9][A-Za-z0-9_.-]*)"},
};

constexpr KeyPattern k_keys[] = {
    {"kernel_version|kernel_release|version", Treatment::version},
    {"scheduler_commit|project_commit|kernel_commit|commit", Treatment::commit},
    {"scheduler", Treatment::version},
    {"test_name|topology|payload|work_type|resolve_source|run_source|run_id|timestamp|"
     "throughput_denomination|metric|name|label|unit|polarity|stream|direction|arch|cpu_vendor|"
     "cpu_model|kernel_name|sysctls|kargs|level|op_kind|program",
     Treatment::identity},
    {".*(?:cmd[-_ ]?line|command[-_ ]?line|(?:boot|kernel)[-_ ]?(?:arg|option|param|opt)s?).*",
     Treatment::boot_line},
    {".*(?:{password}|{token}|authorization|cookie).*|pass|auth", Treatment::whole_secret},
    {"host|.*(?:{hostword}|fqdn).*", Treatment::whole_host},
    {".*seriali[sz].*", Treatment::text},
    {".*(?:uuid|{serial}|{idword}).*|wwn|wwid", Treatment::whole_id},
    {".*(?:user[-_ ]?name|e[-_]?mail|(?:mac|ip|ipv[46]|hw)[-_ ]?addr).*|mail|user|login|owner|"
     "committer|author|logname|bssid",
     Treatment::whole_address},
    // A path as a key ("/sys/fs/cgroup/…") says nothing about the texts below it.
    {R"re([^/\\%~ ]*(?:cgroup|cgrp)[^/\\%~ ]*)re", Treatment::cgroup},
};

constexpr std::string_view k_common_words[] = {
    "localhost", "localdomain", "ktstr",     "host",    "hosts", "kernel", "linux",    "test",
    "tests",     "sched",       "scheduler", "eevdf",   "cfs",   "scx",    "local",    "none",
    "null",      "true",        "false",     "unknown", "node",  "guest",  "default",  "main",
    "root",      "json",        "pass",      "fail",    "skip",  "error",  "work",     "cpu",
    "address",   "secret",      "path",      "(none)",  "qemu",  "kvm",    "redacted", "failure"};

}  // namespace

std::span<const PrivatePattern> private_patterns() { return k_patterns; }
std::span<const KeyPattern> key_patterns() { return k_keys; }
std::span<const std::string_view> common_words() { return k_common_words; }

std::string expanded(std::string_view regex) {
  std::string text(regex);
  // Definitions use those before them.
  for (auto definition = std::rbegin(k_definitions); definition != std::rend(k_definitions);
       ++definition) {
    for (std::size_t at = text.find(definition->name); at != std::string::npos;
         at = text.find(definition->name, at)) {
      text.replace(at, definition->name.size(), definition->regex);
    }
  }
  return text;
}

}  // namespace ktstr
