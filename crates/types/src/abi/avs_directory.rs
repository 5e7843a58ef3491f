//! EigenLayer's AVSDirectory: which operators have registered with which services, the legacy way.
//! Members as in the pinned release (v1.12.0).

#![allow(missing_docs, reason = "the members are documented where they are implemented")]

alloy_sol_types::sol! {
    #[derive(Debug, PartialEq, Eq)]
    #[sol(abi)]
    interface IAVSDirectory {
        /// An operator's signature.
        struct SignatureWithSaltAndExpiry {
            /// 65 bytes, or whatever the operator's contract takes.
            bytes signature;
            /// Spent with the registration.
            bytes32 salt;
            /// Seconds since 1970 after which it is void.
            uint256 expiry;
        }

        event AVSMetadataURIUpdated(address indexed avs, string metadataURI);
        event OperatorAVSRegistrationStatusUpdated(
            address indexed operator,
            address indexed avs,
            uint8 status
        );
        event OwnershipTransferred(address indexed previousOwner, address indexed newOwner);
        event Paused(address indexed account, uint256 newPausedStatus);
        event Unpaused(address indexed account, uint256 newPausedStatus);

        error CurrentlyPaused();
        error InputAddressZero();
        error InvalidNewPausedStatus();
        error InvalidShortString();
        error InvalidSignature();
        error OnlyPauser();
        error OnlyUnpauser();
        error OperatorAlreadyRegisteredToAVS();
        error OperatorNotRegisteredToAVS();
        error OperatorNotRegisteredToEigenLayer();
        error SaltSpent();
        error SignatureExpired();
        error StringTooLong(string str);

        function OPERATOR_AVS_REGISTRATION_TYPEHASH() external view returns (bytes32);
        function OPERATOR_SET_FORCE_DEREGISTRATION_TYPEHASH() external view returns (bytes32);
        function OPERATOR_SET_REGISTRATION_TYPEHASH() external view returns (bytes32);
        function avsOperatorStatus(address avs, address operator) external view returns (uint8);
        function calculateOperatorAVSRegistrationDigestHash(
            address operator,
            address avs,
            bytes32 salt,
            uint256 expiry
        ) external view returns (bytes32);
        function cancelSalt(bytes32 salt) external;
        function delegation() external view returns (address);
        function deregisterOperatorFromAVS(address operator) external;
        function domainSeparator() external view returns (bytes32);
        function initialize(address initialOwner, uint256 initialPausedStatus) external;
        function operatorSaltIsSpent(address operator, bytes32 salt) external view returns (bool isSpent);
        function owner() external view returns (address);
        function pause(uint256 newPausedStatus) external;
        function pauseAll() external;
        function paused() external view returns (uint256);
        function paused(uint8 index) external view returns (bool);
        function pauserRegistry() external view returns (address);
        function registerOperatorToAVS(
            address operator,
            SignatureWithSaltAndExpiry calldata operatorSignature
        ) external;
        function renounceOwnership() external;
        function transferOwnership(address newOwner) external;
        function unpause(uint256 newPausedStatus) external;
        function updateAVSMetadataURI(string calldata metadataURI) external;
        function version() external view returns (string memory);
    }
}
