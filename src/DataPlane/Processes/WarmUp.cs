using System.Reflection;
using System.Runtime.CompilerServices;
using Appliance.Crypto;
using Appliance.Esp;
using Appliance.PacketIo;
using Appliance.Shared;
using Appliance.Wire;

namespace Appliance.DataPlane;

/// <summary>
/// Compiles what workers run before the first packet arrives: after a restart traffic waits for us, and a method that is compiled at its first call would make
/// packets wait in the queue. Static fields come first, so that compiled code knows them as constants.
/// </summary>
internal static class WarmUp
{
    private static readonly Assembly[] Rooms = [typeof(Worker).Assembly, typeof(EspSize).Assembly, typeof(PacketFields).Assembly, typeof(PortQueue).Assembly, typeof(EspResult).Assembly, typeof(AeadJob).Assembly];

    /// <summary>For the kernel of one tier.</summary>
    public static void Run(AesGcmTier tier)
    {
        var kernel = tier == AesGcmTier.Vaes ? typeof(VaesKernel) : typeof(ManagedKernel);
        var types = Rooms.SelectMany(room => room.GetTypes()).Select(type => Close(type, kernel)).OfType<Type>().Where(IsHot).ToArray();
        var begin = Environment.TickCount64;
        foreach (var type in types) RuntimeHelpers.RunClassConstructor(type.TypeHandle);
        var count = types.AsParallel().Sum(Compile);
        Log.Say($"{count} methods compiled in {Environment.TickCount64 - begin} ms");
    }

    private static bool IsHot(Type type) => type.Namespace is { } room && !type.IsInterface && !type.IsEnum && !typeof(Attribute).IsAssignableFrom(type) && !typeof(Delegate).IsAssignableFrom(type)
        && (room == typeof(Worker).Namespace || room == typeof(PacketFields).Namespace || room == typeof(EspResult).Namespace
            || typeof(PortQueue).IsAssignableFrom(type) || HotTypes.Contains(type) || type.Name.StartsWith("Xsk", StringComparison.Ordinal));

    private static readonly HashSet<Type> HotTypes =
    [
        typeof(Region), typeof(FramePool), typeof(FrameMemory), typeof(FrameExchange), typeof(SaLookup), typeof(Ipv4Routes), typeof(Ipv6Routes), typeof(Senders), typeof(EventRing),
        typeof(WorkerEpoch), typeof(IpAddress), typeof(SpscRing<HandOff>), typeof(SpscRing<uint>), typeof(WakeEvent), typeof(AeadJob), typeof(VaesKernel), typeof(ManagedKernel),
    ];

    /// <summary>Our only type parameter is the kernel.</summary>
    private static Type? Close(Type type, Type kernel)
    {
        if (!type.IsGenericTypeDefinition) return type;
        try
        {
            return type.GetGenericArguments().Length == 1 ? type.MakeGenericType(kernel) : null;
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    private static int Compile(Type type)
    {
        const BindingFlags own = BindingFlags.DeclaredOnly | BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;
        var count = 0;
        foreach (var method in type.GetMethods(own))
        {
            if (method.IsAbstract || method.IsGenericMethodDefinition || (method.Attributes & MethodAttributes.PinvokeImpl) != 0) continue;
            if (type.IsGenericType) RuntimeHelpers.PrepareMethod(method.MethodHandle, [type.GetGenericArguments()[0].TypeHandle]);
            else RuntimeHelpers.PrepareMethod(method.MethodHandle);
            count++;
        }

        return count;
    }
}
