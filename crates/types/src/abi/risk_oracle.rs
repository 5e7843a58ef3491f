//! RiskOracle: prizes that services declare, and certified bounds on how secure they are.

#![allow(missing_docs, reason = "the members are documented where they are implemented")]

alloy_sol_types::sol! {
    #[derive(Debug, Default, PartialEq, Eq)]
    #[sol(abi)]
    interface IRiskOracle {
        /// The services of one stake mode with their operators, as certificates index them.
        struct Network {
            /// 0 full, 1 unique.
            uint8 mode;
            /// Listed services of the other mode.
            uint32 otherServices;
            /// Keys of the services, in the order of listing.
            bytes32[] services;
            /// What each is worth to an attacker, in wei.
            uint128[] prizes;
            /// Stake that corrupts each, in wei.
            uint128[] needs;
            /// Fraction of its slashable stake that corrupts it.
            uint32[] thresholdNumerators;
            uint32[] thresholdDenominators;
            /// Whether the service has not declared its prize.
            bool[] assumed;
            /// Operators, rising.
            address[] operators;
            /// Stake of each, in wei.
            uint128[] stakes;
            /// Where each operator's edges begin, and their number.
            uint32[] starts;
            /// Service of each edge.
            uint32[] edgeServices;
            /// Slashable stake of each edge, in wei.
            uint128[] edgeStakes;
        }

        event OperatorTracked(bytes32 indexed service, address indexed operator, bool tracked);
        event OwnershipTransferred(address indexed previousOwner, address indexed newOwner);
        event Paused(address indexed account, uint256 newPausedStatus);
        event PrizeCleared(bytes32 indexed service);
        event PrizeSet(bytes32 indexed service, uint128 prize, uint32 numerator, uint32 denominator);
        event Published(
            bytes32 indexed service,
            uint8 indexed mode,
            int64 gammaLowerE6,
            int64 gammaUpperE6,
            bytes32 certificateHash
        );
        event ServiceListed(bytes32 indexed service, bool listed);
        event StrategyCounted(address indexed strategy, bool counted);
        event Unpaused(address indexed account, uint256 newPausedStatus);

        error AlreadySo();
        error CertificateRefused(string reason);
        error CurrentlyPaused();
        error InvalidMode(uint8 mode);
        error InvalidNewPausedStatus();
        error InvalidPermissions();
        error InvalidThreshold();
        error MalformedCertificate(uint256 at);
        error NothingProved();
        error OnlyPauser();
        error OnlyUnpauser();
        error OperatorNotRegistered();
        error OperatorStillRegistered();
        error PriceUnavailable(address strategy);
        error TooLarge(uint256 size, uint256 limit);
        error UnknownService();
        error WiderThanStored(int64 gammaLowerE6, int64 gammaUpperE6, uint64 blockNumber);

        function clearPrize(bytes32 service) external;
        function countedStrategies() external view returns (address[] memory);
        function gamma(bytes32 service)
            external
            view
            returns (int64 gammaLowerE6, int64 gammaUpperE6, uint64 blockNumber, bytes32 certificateHash);
        function modeGamma(uint8 mode)
            external
            view
            returns (int64 gammaLowerE6, int64 gammaUpperE6, uint64 blockNumber, bytes32 certificateHash);
        function network(uint8 mode) external view returns (Network memory);
        function networkGamma()
            external
            view
            returns (int64 gammaLowerE6, int64 gammaUpperE6, uint64 blockNumber, bytes32 certificateHash);
        function networkOf(uint8 mode, bytes32[] calldata services) external view returns (Network memory);
        function owner() external view returns (address);
        function pause(uint256 newPausedStatus) external;
        function pauseAll() external;
        function paused() external view returns (uint256);
        function paused(uint8 index) external view returns (bool);
        function pauserRegistry() external view returns (address);
        function permissionController() external view returns (address);
        function prizeOf(bytes32 service)
            external
            view
            returns (uint128 prize, uint32 numerator, uint32 denominator, bool declared);
        function publish(uint8 mode, bytes calldata certificate)
            external
            returns (int64 gammaLowerE6, int64 gammaUpperE6);
        function r(uint32 psiE6) external view returns (uint32 boundE6);
        function renounceOwnership() external;
        function services() external view returns (bytes32[] memory);
        function setCounted(address strategy, bool counted) external;
        function setListed(bytes32 service, bool listed) external;
        function setPrize(bytes32 service, uint128 prize, uint32 numerator, uint32 denominator) external;
        function stale(uint64 maxAgeBlocks) external view returns (bool);
        function track(bytes32 service, address operator, bool tracked) external;
        function trackedOperators(bytes32 service) external view returns (address[] memory);
        function transferOwnership(address newOwner) external;
        function unpause(uint256 newPausedStatus) external;
    }
}
