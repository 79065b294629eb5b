using System.Text.Json.Serialization;

namespace Appliance.SlowPath.Api;

internal sealed record ErrorView(string Error, string Hint);

internal sealed record DoneView(bool Done, string? Detail = null);

internal sealed record SlotView(uint Slot);

internal sealed record SlotsView(uint OutboundSlot, uint InboundSlot);

internal sealed record ProblemView(string What, string Where, string Why, string Todo);

internal sealed record ProcessView(int Process, bool Alive, bool Ready, uint Starts);

internal sealed record ProcessesView(ProcessView Supervisor, ProcessView DataPlane, ProcessView SlowPath);

internal sealed record HealthView(string Status, IReadOnlyList<ProblemView> Problems, string CryptoTier, ProcessesView Processes, IReadOnlyList<PortHealthView> Ports);

internal sealed record PortHealthView(string Name, string Running, string Mode, int Queues, uint Losses);

internal sealed record SaView(
    string Direction, uint Slot, string Spi, string Tunnel, string Mode, string Encapsulation, string Cipher, bool Esn, int ReplayWindow, int Worker, string Source, string Destination,
    ulong Sequence, ulong Packets, ulong Bytes, ulong Drops, ulong IntegrityFailed, ulong Replayed, ulong TooOld, ulong SoftLimit, ulong HardLimit, int PathMtu, bool InUse,
    long? IdleMilliseconds, DateTimeOffset? ExpiresAt, string? Group = null, uint? SenderId = null, int? Senders = null);

internal sealed record RuleView(
    int Order, string Name, string Action, string Tunnel, string Local, string Remote, string Protocol, string LocalPorts, string RemotePorts,
    IReadOnlyList<string>? Gateways = null, IReadOnlyList<string>? Neighbors = null, DateTimeOffset? Since = null, string? Why = null);

internal sealed record PortView(
    int Index, string Name, string Kind, string Side, string State, string Mode, int Queues, int Mtu, uint InterfaceIndex, uint Losses, ulong KernelDrops,
    ulong RxPackets, ulong RxBytes, ulong TxPackets, ulong TxBytes, ulong Drops);

internal sealed record WorkerView(
    int Worker, uint Core, bool Sleeping, ulong Rx, ulong Injected, ulong Originated, ulong Copies, ulong Tx, ulong Punted, ulong Held, ulong Absorbed, ulong Dropped,
    ulong HandedOver, ulong Batches, ulong Loops, ulong Sleeps, uint FreeFrames, uint Frames, ulong Epoch, long HeartbeatAgeMilliseconds, ulong EventsLost);

internal sealed record DropView(string Reason, int Worker, ulong Count, string Severity, string Text, string Source);

internal sealed record TunnelView(
    string Name, string Mode, string Local, string Remote, int PathMtu, int InnerMtu, int MssV4, int MssV6, string? Port, string? NextHop, bool NextHopResolved,
    IReadOnlyList<string> Routes, IReadOnlyList<string> OutboundSpis, IReadOnlyList<string> InboundSpis, ulong Acquires, string? LastAcquire,
    string? Interface = null, bool? InterfaceUp = null, string? Group = null);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ErrorView))]
[JsonSerializable(typeof(DoneView))]
[JsonSerializable(typeof(SlotView))]
[JsonSerializable(typeof(SlotsView))]
[JsonSerializable(typeof(HealthView))]
[JsonSerializable(typeof(IkeView))]
[JsonSerializable(typeof(DrainView))]
[JsonSerializable(typeof(BgpView))]
[JsonSerializable(typeof(BgpNeighborView))]
[JsonSerializable(typeof(BgpRoutesView))]
[JsonSerializable(typeof(IReadOnlyList<SaView>))]
[JsonSerializable(typeof(IReadOnlyList<RuleView>))]
[JsonSerializable(typeof(IReadOnlyList<ProtectedView>))]
[JsonSerializable(typeof(IReadOnlyList<RouteView>))]
[JsonSerializable(typeof(IReadOnlyList<PortView>))]
[JsonSerializable(typeof(IReadOnlyList<WorkerView>))]
[JsonSerializable(typeof(IReadOnlyList<DropView>))]
[JsonSerializable(typeof(IReadOnlyList<TunnelView>))]
[JsonSerializable(typeof(IReadOnlyList<BfdView>))]
[JsonSerializable(typeof(IReadOnlyList<GroupView>))]
[JsonSerializable(typeof(GroupMembersView))]
internal sealed partial class ViewJson : JsonSerializerContext;
