namespace Appliance.Shared;

/// <summary>struct iovec.</summary>
internal unsafe struct SocketPart
{
    public byte* Start;
    public nuint Length;
}

/// <summary>struct msghdr, as sendmsg(2) and recvmsg(2) take it.</summary>
internal unsafe struct SocketMessage
{
    public byte* Name;
    public uint NameLength;
    public SocketPart* Parts;
    public nuint PartCount;
    public void* Control;
    public nuint ControlLength;
    public int Flags;
}
