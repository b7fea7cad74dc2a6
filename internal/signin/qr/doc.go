// Package qr draws QR codes (ISO/IEC 18004), so that a phone can read a secret from a screen and no page has to ask another site
// for the picture.
//
// It owns: bytes of up to 412 at the error correction level M, in versions 1 to 15, which is what an authenticator app's address
// needs; it has no other modes, levels and versions.
//
// Enter at [Draw].
package qr
