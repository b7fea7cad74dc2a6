// Package leak finds generated secrets where they should not be, and reads the alerts of others who found some.
//
// [Scan] looks through files and the histories of git repositories, offline: a secret gives itself away by its prefix
// and its checksum, so a chance hit is one in four thousand million candidates. It also sees secrets inside base64
// (Basic credentials, Kubernetes manifests), UTF-16 text, gzip and zip. It does not see one that is split across
// lines, encrypted, compressed otherwise, or chosen by a person; those have no mark.
//
// [ParseAlert], [ParseKeys] and [VerifySignature] speak the format in which a code host reports secrets that were
// pushed to it (GitHub's secret scanning partner program), and [Answer] replies in it. The regular expression to register
// with such a partner is cfs_[0-9A-Za-z]{49}; [Report.Generated] then checks the checksum.
//
// A secret that was found is never kept, printed or put into an error: a [Finding] has its first characters and a
// fingerprint. The exception is an alert's [Report], whose secret must be looked up and is a seal.Secret.
//
// It does not own: whose secret it is, what happens to it then, the network.
package leak
