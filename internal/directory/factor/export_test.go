package factor

// What tests compare with the RFCs' own numbers and play the app with.
var (
	HOTP         = hotp
	MatchTOTP    = matchTOTP
	EnrolmentURI = enrolmentURI
	StepAt       = stepAt
	Typed        = typed
	Base32Text   = base32Text
)

// NewRecoverySet returns codes and what says whether one is right.
func NewRecoverySet() (spend func(string) bool, codes []string) {
	set, secrets := newRecoverySet()
	for _, s := range secrets {
		codes = append(codes, s.Reveal())
	}
	return set.spend, codes
}
