//! EigenLayer's KeyRegistrar: the signing keys of operators in operator sets.
//! Members as in the pinned release (v1.12.0).

#![allow(missing_docs, reason = "the members are documented where they are implemented")]

alloy_sol_types::sol! {
    #[derive(Debug, PartialEq, Eq)]
    #[sol(abi)]
    interface IKeyRegistrar {
        /// A service's operator set.
        struct OperatorSet {
            /// The service.
            address avs;
            /// Which of its sets.
            uint32 id;
        }
        /// A point of BN254's first group; (0, 0) is the point at infinity.
        struct G1Point {
            /// Abscissa.
            uint256 X;
            /// Ordinate.
            uint256 Y;
        }
        /// A point of BN254's second group, imaginary parts first, as the pairing precompile reads it.
        struct G2Point {
            /// Abscissa.
            uint256[2] X;
            /// Ordinate.
            uint256[2] Y;
        }

        event AggregateBN254KeyUpdated(OperatorSet operatorSet, G1Point newAggregateKey);
        event KeyDeregistered(OperatorSet operatorSet, address indexed operator, uint8 curveType);
        event KeyRegistered(OperatorSet operatorSet, address indexed operator, uint8 curveType, bytes pubkey);
        event OperatorSetConfigured(OperatorSet operatorSet, uint8 curveType);

        error ConfigurationAlreadySet();
        error ECAddFailed();
        error ECMulFailed();
        error ECPairingFailed();
        error ExpModFailed();
        error InvalidCurveType();
        error InvalidKeyFormat();
        error InvalidKeypair();
        error InvalidPermissions();
        error InvalidShortString();
        error InvalidSignature();
        error KeyAlreadyRegistered();
        error KeyNotFound(OperatorSet operatorSet, address operator);
        error OperatorAlreadyRegistered();
        error OperatorSetNotConfigured();
        error OperatorStillSlashable(OperatorSet operatorSet, address operator);
        error SignatureExpired();
        error StringTooLong(string str);
        error ZeroAddress();
        error ZeroPubkey();

        function BN254_KEY_REGISTRATION_TYPEHASH() external view returns (bytes32);
        function ECDSA_KEY_REGISTRATION_TYPEHASH() external view returns (bytes32);
        function allocationManager() external view returns (address);
        function configureOperatorSet(OperatorSet calldata operatorSet, uint8 curveType) external;
        function deregisterKey(address operator, OperatorSet calldata operatorSet) external;
        function domainSeparator() external view returns (bytes32);
        function encodeBN254KeyData(
            G1Point calldata g1Point,
            G2Point calldata g2Point
        ) external pure returns (bytes memory);
        function getBN254Key(
            OperatorSet calldata operatorSet,
            address operator
        ) external view returns (G1Point memory g1Point, G2Point memory g2Point);
        function getBN254KeyRegistrationMessageHash(
            address operator,
            OperatorSet calldata operatorSet,
            bytes calldata keyData
        ) external view returns (bytes32);
        function getECDSAAddress(
            OperatorSet calldata operatorSet,
            address operator
        ) external view returns (address);
        function getECDSAKey(
            OperatorSet calldata operatorSet,
            address operator
        ) external view returns (bytes memory);
        function getECDSAKeyRegistrationMessageHash(
            address operator,
            OperatorSet calldata operatorSet,
            address keyAddress
        ) external view returns (bytes32);
        function getKeyHash(
            OperatorSet calldata operatorSet,
            address operator
        ) external view returns (bytes32);
        function getOperatorFromSigningKey(
            OperatorSet calldata operatorSet,
            bytes calldata keyData
        ) external view returns (address, bool);
        function getOperatorSetCurveType(OperatorSet calldata operatorSet) external view returns (uint8);
        function isKeyGloballyRegistered(bytes32 keyHash) external view returns (bool);
        function isRegistered(
            OperatorSet calldata operatorSet,
            address operator
        ) external view returns (bool);
        function permissionController() external view returns (address);
        function registerKey(
            address operator,
            OperatorSet calldata operatorSet,
            bytes calldata keyData,
            bytes calldata signature
        ) external;
        function version() external view returns (string memory);
    }
}
